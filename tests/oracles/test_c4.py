"""Oracle cases of the area c4, through this project's functions."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from lab.corpora.cleaning import clean_page
from lab.corpora.crawl.lines import drop_duplicate_lines

CASES = {
    case["case"]: case
    for case in json.loads(Path(__file__).with_name("cases").joinpath("c4.json").read_text())
}


def test_too_few_sentences() -> None:
    """Two lines of one sentence each are no page, dots in the middle or not."""
    case = CASES["too few sentences"]
    assert clean_page(case["input"]) is case["expected"]


def test_end_marks_short_lines_javascript_and_policy() -> None:
    """The page keeps its good lines, and each rule counts the lines it drops."""
    case = CASES["clean_page end marks / short / javascript / policy"]
    counts: Counter[str] = Counter()
    assert clean_page(case["input"], counts=counts) == case["expected"]["text"]
    assert {name: counts[name] for name in counts if name in case["expected"]["counters"]} == (
        case["expected"]["counters"]
    )


def test_policy_lines() -> None:
    """Policy phrases drop their line in any case of letters."""
    case = CASES["policy lines"]
    assert clean_page(case["input"]) == case["expected"]


def test_bad_word_at_the_start_of_a_line() -> None:
    """The released pattern wants a character before the word, which a line's start has not."""
    name = "badword at very start of line alone is NOT matched (regex needs a preceding char)"
    assert CASES[name]["expected"] == "no match"
    line = "ass is one of several species."
    assert line in CASES[name]["input"]
    assert clean_page(f"{line} It lives. So do others.", ["ass"]) is not None
    assert clean_page(f"An {line} It lives. So do others.", ["ass"]) is None


def test_line_deduplication() -> None:
    """One page keeps each line, and a page left with fewer than three sentences goes."""
    case = CASES["line dedup keeps one url per lower-cased line; then >=3 sentences recheck"]
    assert drop_duplicate_lines(case["input"]) == case["expected"]
