"""Pairs out of rules, their parts, and the mistakes that are drawn into right sentences."""

from __future__ import annotations

import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.corpora.archives import ARCHIVES, present
from lab.corpora.sentences import offline_splitter
from lab.datasets.correction import harper, language_tool, noise, synthetic
from lab.datasets.correction.mistakes import Mistakes
from lab.datasets.correction.pairs import DATA, PARTS, RIGHT, apart, is_unseen, kept, split
from lab.datasets.correction.sentence import Example
from lab.datasets.correction.tokens import tokens
from lab.datasets.embedded.splits import letters

RULES = b"""<?xml version="1.0"?>
<!DOCTYPE rules [<!ENTITY mark "!">]>
<rules>
 <category name="Grammar">
  <rulegroup id="GO">
   <!-- <example correction="x">not <marker>read</marker></example> -->
   <antipattern><example>He let it go.</example></antipattern>
   <rule><example correction="goes|went">He <marker>go</marker> home&mark;</example></rule>
   <rule><example>He goes home.</example></rule>
  </rulegroup>
  <rule id="OF"><example correction="">She <marker>has not seen nobody</marker>.</example>
   <example correction="of|off">All <marker>off</marker> them.</example>
   <example>An error <marker>without</marker> a correction.</example></rule>
 </category>
 <category name="Proper Nouns"><rule id="X"><example>Not this one.</example></rule></category>
</rules>"""

LIBRARY = rb"""\x7fELF \xff\xfe NounsRuleexpr main (a mean to an end)
let message "m"
let kind "Usage"
test "It is a mean to an end." "It is a means to an end."
test "He said \"stay\"." "He said \"stay\"."
Nextexpr main [ok, okay]
allows "Fine as it is."
"""


def test_rules_with_a_correction_are_pairs_and_others_right() -> None:
    found = list(language_tool.read_rules(RULES))
    assert [(one.source, one.target, one.rule, one.corrections) for one in found] == [
        ("He let it go.", "He let it go.", "GO", 0),
        ("He go home!", "He goes home!", "GO", 2),
        ("He goes home.", "He goes home.", "GO", 0),
        ("All off them.", "All of them.", "OF", 2),
    ]
    assert {one.category for one in found} == {"Grammar"}


def test_tests_in_a_library_are_pairs_and_right_sentences() -> None:
    found = list(harper.read_tests(LIBRARY))
    assert [(one.source, one.target, one.rule, one.category) for one in found] == [
        ("It is a mean to an end.", "It is a means to an end.", "(a mean to an end)", "Usage"),
        ('He said "stay".', 'He said "stay".', "(a mean to an end)", "Usage"),
        ("Fine as it is.", "Fine as it is.", "[ok, okay]", ""),
    ]
    assert [one.corrections for one in found] == [1, 0, 0]


def example(source: str, target: str = "", rule: str = "R") -> Example:
    return Example(source, target or source, "o", rule, "c", int(bool(target)))


def test_sentences_are_kept_once_by_their_tokens() -> None:
    rows = kept(
        [
            example("He go home."),
            example("He go home.", "He goes home."),
            example("He  go home .", "He went home."),
            example("Space   only here.", "Space only here."),
            example("He goes home."),
            example("It was right all along."),
            example("Too short.", "Too short!"),
        ]
    )
    assert [(row["source"], row["target"]) for row in rows] == [
        ("He go home .", "He goes home ."),
        ("It was right all along .", "It was right all along ."),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It's a well-known, 1,000.5 times.", "It's a well-known , 1,000.5 times ."),
        ("don’t — cafe\u0301s 👍🏽", "don’t — cafe\u0301s 👍 🏽"),
        ("'quoted' co- -op 3rd", "' quoted ' co - - op 3rd"),
        ("\ufeffa\x00b\u200b\udcff", "a b"),
    ],
)
def test_tokens(text: str, found: str) -> None:
    assert tokens(text) == found.split()


WORDS = st.lists(st.sampled_from("a b c d".split()), min_size=1, max_size=4).map(" ".join)
ROWS = st.lists(
    st.builds(
        lambda source, target, rule: {
            "source": source,
            "target": target,
            "rule": f"rule {rule}",
            "corrections": int(source != target),
        },
        WORDS,
        WORDS,
        st.integers(0, 30),
    ),
    max_size=40,
)


@given(ROWS)
def test_parts_share_no_sentence_and_no_unseen_rule(rows) -> None:
    parts = split(rows)
    forms = {
        name: {letters(row[side]) for row in part for side in ("source", "target")}
        for name, part in parts.items()
    }
    for name in PARTS:
        assert all(is_unseen(row["rule"]) == (name == "unseen") for row in parts[name])
        for other in PARTS:
            assert name == other or not forms[name] & forms[other]


def test_rules_of_the_seen_test_are_trained_on() -> None:
    rows = [
        {"source": f"w{n} x", "target": f"w{n} y", "rule": f"r{n % 700}", "corrections": 1}
        for n in range(2100)
    ]
    parts = split(rows)
    trained = {row["rule"] for row in parts["train"]}
    assert len(parts["seen"]) > 1000
    assert {row["rule"] for row in parts["seen"]} <= trained
    assert sum(map(len, parts.values())) == len(rows)


def test_what_an_earlier_part_has_a_later_one_has_not() -> None:
    row = {"source": "It's on-line .", "target": "It's online ."}
    other = {"source": "its online", "target": "Its fine"}
    assert apart([[row], [other], []]) == [[row], [], []]


MISTAKES = Mistakes.of(
    [
        {"source": "He goes home", "target": "He goes to home"},
        {"source": "He the goes", "target": "He goes"},
        {"source": "a cat sat", "target": "the cat sat"},
    ],
    verbs={"go": ["goes"], "goes": ["go", "went"]},
    others=[{"cat": ["cta", "kat"]}, {"the": ["teh"]}],
)


def test_mistakes_are_counted_by_kind() -> None:
    assert MISTAKES.left_out == {"to": 1}
    assert MISTAKES.put_in == {"the": 1}
    assert MISTAKES.replaced == {"the": {"a": 1, "teh": 1}, "cat": {"cta": 1, "kat": 1}}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("leave_out", "go to it", {"go it"}),
        ("leave_out", "to", {"to"}),
        ("change_verb", "she goes", {"she go", "she went"}),
        ("replace", "the dog", {"a dog", "teh dog"}),
        ("put_in", "x", {"the x", "x the"}),
        ("change_case", "it is", {"It is", "it Is"}),
        ("change_hyphen", "a well-known 1", {"a well known 1"}),
        ("change_hyphen", "well known .", {"well-known ."}),
        ("change_stop", "it is .", {"it is"}),
        ("change_stop", "it is", {"it is ."}),
    ],
)
def test_each_kind_makes_its_mistakes_and_no_others(kind: str, before: str, after: set) -> None:
    found = set()
    for seed in range(60):
        made = before.split()
        getattr(noise.Noise(MISTAKES), kind)(made, random.Random(seed))
        found.add(" ".join(made))
    assert found == after


def test_steps_and_kinds_have_their_shares() -> None:
    """A kind without a place tries the other; sentences stay right as often as they may."""
    maker = noise.Noise(MISTAKES, added=False)
    sentence = "the cat goes to the dog .".split()
    made = [maker.noised(sentence, random.Random(seed)) for seed in range(4000)]
    unchanged = sum(one == sentence for one in made) / len(made)
    assert unchanged == pytest.approx(noise.STEPS[0], abs=0.03)
    longer = sum(len(one) - len(sentence) for one in made) / len(made)
    assert -0.55 < longer < 0.0
    nothing = noise.Noise(Mistakes(left_out={}, put_in={}, replaced={}, verbs={}), added=False)
    assert nothing.noised(sentence, random.Random(1)) == sentence


@given(
    st.lists(st.sampled_from("a the cat go well-known X . 9".split()), min_size=1), st.integers()
)
def test_any_sentence_can_be_noised(sentence: list[str], seed: int) -> None:
    before = [*sentence]
    made = noise.Noise(MISTAKES).noised(sentence, random.Random(seed))
    assert sentence == before
    assert made
    assert all(made)
    assert made == noise.Noise(MISTAKES).noised(sentence, random.Random(seed))


def test_sentences_of_documents_have_a_length_and_an_end() -> None:
    document = "The cat sat on the mat. No. And then it went away\nIs this the last one?"
    found = list(synthetic.sentences([document], offline_splitter()))
    assert [" ".join(words) for words in found] == [
        "The cat sat on the mat .",
        "Is this the last one ?",
    ]


def test_synthetic_pairs_differ_and_come_again_by_their_seed() -> None:
    right = [synthetic.Sentence(f"the cat goes to {n} .".split(), "mixed") for n in range(300)]
    maker = noise.Noise(MISTAKES)
    one, again, other = (list(synthetic.pairs(right, maker, seed)) for seed in (0, 0, 1))
    assert one == again
    assert one != other
    assert all(row["source"] != row["target"] for row in one)
    assert 250 < len(one) < 300
    lines = list(synthetic.joined(one))
    assert all(2 <= line["target"].count(".") <= 3 for line in lines)
    assert " ".join(line["target"] for line in lines) in " ".join(row["target"] for row in one)


HERE = all(present(ARCHIVES[name]) for name in DATA.archives)
needs_archives = pytest.mark.skipif(
    not HERE, reason="archives not here: python -m lab.corpora fetch correction"
)


@needs_archives
def test_the_real_pairs_are_as_many_as_documented() -> None:
    """docs/data.md has these numbers."""
    rows = {name: DATA.rows(name) for name in PARTS}
    pairs = {name: sum(bool(r["corrections"]) for r in part) for name, part in rows.items()}
    assert pairs == {"unseen": 750, "seen": 1492, "validation": 495, "train": 6749}
    assert len(rows["train"]) - pairs["train"] == 10_036
    assert len(rows["seen"]) - pairs["seen"] == RIGHT["seen"]


@needs_archives
def test_the_real_rows_are_those_of_their_version() -> None:
    """Other rows need another version, since stages are named by it."""
    files = DATA.manifest()["files"]
    assert DATA.version == 1
    assert {name: about["sha256"][:16] for name, about in files.items()} == {
        "unseen": "b962837367bea695",
        "seen": "e7b77d02bb898ca0",
        "validation": "9f8100e06c1f25f2",
        "train": "c9ebcdc710d6fd2b",
    }


@needs_archives
def test_no_real_sentence_stands_in_two_parts() -> None:
    """The test for leaks: neither a wrong nor a right side, nor a rule of the unseen test."""
    forms: dict[str, str] = {}
    rules: dict[str, set[str]] = {}
    for name in PARTS:
        rows = DATA.rows(name)
        rules[name] = {row["rule"] for row in rows}
        here = {letters(row[side]) for row in rows for side in ("source", "target")}
        assert not here & forms.keys()
        forms |= dict.fromkeys(here, name)
    assert not rules["unseen"] & (rules["seen"] | rules["validation"] | rules["train"])


def test_held_out_sentences_of_corpora_are_no_training_text(monkeypatch) -> None:
    class Pages:
        def documents(self):
            return (f"This is the sentence number {n} of all." for n in range(2000))

    monkeypatch.setattr("lab.datasets.correction.synthetic.corpora.get_corpus", lambda _: Pages())
    known = {letters(f"This is the sentence number {n} of all.") for n in range(100)}
    held, rest = (
        {" ".join(s.words) for s in islice(synthetic.mixed(held, known, {"x": 1}), 5000)}
        for held in (True, False)
    )
    assert len(held) + len(rest) == 1900
    assert 20 < len(held) < 90
    assert not held & rest
