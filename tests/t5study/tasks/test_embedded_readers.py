"""Readers of packaged data: how a line, an entry or a docstring becomes a row."""

from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.datasets.embedded import catalogues, docstrings, olmo, sentiment, wordnet
from lab.datasets.embedded.splits import first_of_each, letters, split
from lab.errors import DataError

KEYS = st.lists(st.text("abcd", min_size=1, max_size=3), min_size=12, max_size=60, unique=True)


@settings(max_examples=50, deadline=None)
@given(KEYS, st.integers(0, 3), st.randoms(use_true_random=False))
def test_split_is_a_partition_that_ignores_the_order(keys, size, rng):
    """Every row is in one part, rows of a key together, and shuffled input changes nothing."""
    rows = [{"key": key, "n": n} for key in keys for n in range(2)]
    sizes = {"validation": size, "test": size}
    parts = split(rows, lambda row: row["key"], sizes)
    assert sorted((r["key"], r["n"]) for part in parts.values() for r in part) == sorted(
        (row["key"], row["n"]) for row in rows
    )
    owners = [{row["key"] for row in part} for part in parts.values()]
    assert sum(map(len, owners)) == len(keys)
    assert all(len(parts[name]) >= size for name in sizes)
    groups = [[row for row in rows if row["key"] == key] for key in keys]
    rng.shuffle(groups)
    again = split([row for group in groups for row in group], lambda row: row["key"], sizes)
    assert again == parts


def test_split_changes_little_when_rows_are_added():
    """A row's place follows its own content: others do not move it from train to test."""
    rows = [{"key": str(n)} for n in range(300)]
    sizes = {"test": 100}
    before = {r["key"] for r in split(rows, lambda row: row["key"], sizes)["test"]}
    after = {r["key"] for r in split(rows[:-3], lambda row: row["key"], sizes)["test"]}
    assert len(before & after) >= 96


@pytest.mark.parametrize(
    ("one", "other"),
    [("It 's a film .", "It's a film."), ("Café", "CAFE"), ("co-writer", "co writer")],
)
def test_letters_ignores_tokenization(one, other):
    """Spacing, case, accents and punctuation do not tell two texts apart."""
    assert letters(one) == letters(other)


def test_first_of_each_keeps_the_first():
    """Of rows with one key the first stays."""
    rows = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 3}]
    assert first_of_each(rows, lambda row: row["a"]) == [rows[0], rows[2]]


NOUN = (
    "00002684 03 n 02 object 0 physical_object 0 001 @ 00001930 n 0000 | "
    'a tangible and visible entity; an entity that can cast a shadow; "it was full of rackets, '
    'balls and other objects"  '
)
ADJECTIVE = '00001740 00 a 01 able(p) 0 000 | (usually followed by `to\'); "able to swim"; "able"'


def test_synset_line_is_read():
    """Words, definition and examples come apart, as wndb(5WN) has them."""
    sense = wordnet._synset("n", NOUN)
    assert (sense.pos, sense.file) == ("n", 3)
    assert sense.words == ("object", "physical object")
    assert sense.definition == ("a tangible and visible entity; an entity that can cast a shadow")
    assert sense.examples == ("it was full of rackets, balls and other objects",)


def test_adjective_marker_is_no_part_of_the_word():
    """`able(p)` is the word able, and each quotation is an example."""
    sense = wordnet._synset("a", ADJECTIVE)
    assert sense.words == ("able",)
    assert sense.examples == ("able to swim", "able")


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("bank", "the banks of the river", True),
        ("stop", "it stopped raining", True),
        ("carry", "she carries it", True),
        ("live", "they were living here", True),
        ("art", "the start of it", False),
        ("car", "a carpet on the floor", False),
    ],
)
def test_form_of_a_word_is_recognized(word, text, found):
    """A regular ending is the same word, a longer word is another."""
    assert wordnet.stands_in(word, text) is found


CATALOGUE = """
# a comment
msgid ""
msgstr "Content-Type: text/plain"

#: file.py:1
msgid "Enter a \\"valid\\" value."
msgstr ""
"Einen \\"gültigen\\" "
"Wert eingeben."

#, fuzzy
msgid "Not sure"
msgstr "Unsicher"

msgid "%d object"
msgid_plural "%d objects"
msgstr[0] "%d Objekt"
msgstr[1] "%d Objekte"

msgctxt "month"
msgid "May day"
msgstr "Maifeiertag"

msgid "Untranslated text"
msgstr ""

#~ msgid "Old text"
#~ msgstr "Alter Text"
"""


def test_catalogue_gives_translated_messages():
    """Headers, fuzzy, plural, untranslated and obsolete entries are left out."""
    assert list(catalogues.messages(CATALOGUE)) == [
        ('Enter a "valid" value.', 'Einen "gültigen" Wert eingeben.'),
        ("May day", "Maifeiertag"),
    ]


DOCSTRING = """Return the sum of all
values in x.

The values are added from left to right, and so the result of floats depends on
their order, as it always does.

Parameters
----------
x : array
    The values.

>>> total([1, 2])
3

Examples
--------
A long example that nobody needs.
"""


def test_docstring_comes_apart():
    """The summary is the first paragraph; rules, doctests and examples are no body."""
    body, summary = docstrings.body_and_summary(DOCSTRING)
    assert summary == "Return the sum of all values in x."
    assert body.startswith("The values are added from left to right")
    assert body.endswith("Parameters x : array The values. 3")


@pytest.mark.parametrize(
    "text",
    [
        "Too short.",
        "Sum up.\n\n" + "word " * 30,
        "Return the {name} of it all.\n\n" + "word " * 30,
        "Return the sum of all.\n\nToo little.",
    ],
)
def test_docstring_without_use_is_left_out(text):
    """Short or templated docstrings are no examples."""
    assert docstrings.body_and_summary(text) is None


def test_long_docstring_is_cut_at_a_word():
    """A body has at most 1,000 characters."""
    body, _ = docstrings.body_and_summary("Return the sum of all.\n\n" + "sevenab " * 300)
    assert len(body) <= docstrings.BODY_CHARACTERS
    assert set(body.split()) == {"sevenab"}


REQUEST = (
    '{"request_type": "loglikelihood", "doc": {"idx": 0, "query": "Moon -- It is \\"big\\".\\n'
    'Question: is it big?\\nAnswer:", "choices": ["yes", "no"], "gold": 0}, '
    '"request": {"context": "other", "continuation": " yes"}, "idx": 0}\n'
)


def test_requests_give_each_example_once(monkeypatch):
    """A file repeats an example for each answer; it is read once, without the request."""
    content = gzip.compress((REQUEST * 2).encode())
    monkeypatch.setattr(olmo, "read_member", lambda archive, path: content)
    assert olmo.boolq_rows("any") == [
        {"title": "Moon", "passage": 'It is "big".', "question": "is it big?", "label": 1}
    ]


def test_requests_of_another_shape_are_an_error(monkeypatch):
    """A line that is not built as known is not read as something else."""
    content = gzip.compress(b'{"question": "?"}\n')
    monkeypatch.setattr(olmo, "read_member", lambda archive, path: content)
    with pytest.raises(DataError, match="not built as known"):
        list(olmo.documents("any"))


def test_overlap_is_found_whichever_text_is_longer():
    """A sentence that holds a held-out one, or lies in one, goes; short ones only as wholes."""
    rows = [
        {"sentence": text}
        for text in (
            "A joyless film. It is also far too long.",
            "A quite different sentence.",
            "The cast is good",
            "Bad.",
            "Bad taste all over.",
        )
    ]
    others = ["a joyless film .", "the cast is good , the story is not .", "bad ."]
    kept = [row["sentence"] for row in sentiment.without_overlap(rows, others)]
    assert kept == ["A quite different sentence.", "Bad taste all over."]


def test_pairs_of_a_word_are_even(monkeypatch):
    """A word has as many pairs of one sense as of two."""
    senses = [
        wordnet.Synset(
            pos="n",
            file=4,
            words=("bank",),
            definition=meaning,
            examples=tuple(f"the bank {meaning} {n}" for n in range(5)),
        )
        for meaning in ("of money", "of a river")
    ]
    random.Random(0).shuffle(senses)
    monkeypatch.setattr(wordnet, "synsets", lambda: iter(senses))
    pairs = wordnet.usage_pairs()
    assert [pair["label"] for pair in pairs].count(1) == wordnet.PAIRS_A_WORD
    assert [pair["label"] for pair in pairs].count(0) == wordnet.PAIRS_A_WORD
    for pair in pairs:
        same = pair["sentence1"].split()[3] == pair["sentence2"].split()[3]
        assert same == bool(pair["label"])
