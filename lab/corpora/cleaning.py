"""C4's rules for one page of web text (section 2.2), asked in the order of the released code.

The order decides: a mark that drops the whole page does nothing on a line that an earlier rule
has dropped already. The counters carry the released code's names, so that counts can be laid side
by side; `lines-with-page:<counter>` adds how many lines a dropped page takes along.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lab.corpora.sentences import sentence_splitter

END_MARKS = (".", "?", "!", '"')
ELLIPSIS = "..."
POLICY_PHRASES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)
_CITATION = re.compile(r"\[(?:\d*|edit|citation needed)\]")
_LETTERS = re.compile(r"[a-z]+")
_BY_SPACE = re.compile(r"\S+")


@dataclass(frozen=True, kw_only=True)
class CleaningSettings:
    """The numbers in C4's rules; the defaults produced the published data set."""

    min_num_sentences: int = 3
    """A page with fewer sentences is dropped."""
    min_words_per_line: int = 5
    """A line with fewer words is dropped."""
    max_word_length: int = 1000
    """A line with a longer word (characters) is dropped."""
    max_page_length: int = 190_000
    """A longer page (characters, before cleaning) is dropped."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 0:
                raise ValueError(f"{name} is {value}; give 0 or more")


PUBLISHED = CleaningSettings()
FIRST_PREPRINT = CleaningSettings(min_num_sentences=5, min_words_per_line=3)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One reason to drop a line or a page, under the name its count has."""

    counter: str
    """Name of the count, as in the released code."""
    drops: str
    """"line" or "page"."""
    when: str
    """What is dropped, in words; the settings' numbers go into the braces."""


PAGE_RULES = tuple(
    Rule(
        counter=counter, drops="page" if counter.startswith("filtered-page") else "line", when=when
    )
    for counter, when in (
        ("filtered-page-contenttoolong", "more than {max_page_length:,} characters"),
        ("lines-with-too-long-word", "a word over {max_word_length:,} characters"),
        ("lines-no-endmark", 'no final . ? ! or ", or a final ...'),
        ("lines-too-short", "fewer than {min_words_per_line} words"),
        ("filtered-page-loremipsum", '"lorem ipsum"'),
        ("lines-javascript", '"javascript"'),
        ("filtered-page-squigglybracket", "a curly bracket"),
        ("lines-policy", "terms of use, privacy or cookie policy"),
        ("filtered-page-badword", "a word of the bad-word list"),
        ("filtered-page-toofewsentences", "fewer than {min_num_sentences} sentences left"),
    )
)
"""The rules of one page in the order they are asked."""

VALID_LINE = "lines-valid"
CLEAN_PAGE = "emitted-clean-pages"
READ_LINES = "lines-read"
_DROPS_PAGE = {rule.counter for rule in PAGE_RULES if rule.drops == "page"}


def clean_page(
    text: str,
    badwords: Iterable[str] = (),
    *,
    settings: CleaningSettings = PUBLISHED,
    counts: Counter[str] | None = None,
) -> str | None:
    """Clean one page by C4's rules (section 2.2): its good lines, or None for a dropped page.

    `badwords` match in lower case and need a character that is no letter a-z on both sides.
    `counts`, where given, is added to in place.
    """
    counts = Counter() if counts is None else counts
    lines = text.splitlines()
    counts[READ_LINES] += len(lines)
    if len(text) > settings.max_page_length:
        _drop_page("filtered-page-contenttoolong", len(lines), counts)
        return None
    forbidden = _bad_word_search(tuple(badwords))
    valid: list[str] = []
    rejected = 0
    for raw in lines:
        line = raw.strip()
        if _has_word_over(line, settings.max_word_length):
            verdict = "lines-with-too-long-word"
        else:
            # Not stripped again: a space that stood before a final citation stays, and the line
            # then ends in no end mark, as in the released code.
            line = _CITATION.sub("", line) if "[" in line else line
            verdict = _judge_line(line, settings, forbidden)
        if verdict in _DROPS_PAGE:
            _drop_page(verdict, len(lines) - rejected, counts)
            return None
        counts[verdict] += 1
        if verdict == VALID_LINE:
            valid.append(line)
        else:
            rejected += 1
    if not valid or not _has_sentences(valid, settings.min_num_sentences):
        _drop_page("filtered-page-toofewsentences", len(valid), counts)
        return None
    counts[CLEAN_PAGE] += 1
    return "\n".join(valid).strip()


def lines_with_page(counter: str) -> str:
    """Name the count of the lines that the pages dropped under `counter` still held."""
    return f"lines-with-page:{counter}"


def read_badwords(text: str) -> tuple[str, ...]:
    """Read a bad-word list, one word or phrase a line, in lower case; empty lines are skipped."""
    return tuple(sorted({line.strip().lower() for line in text.splitlines()} - {""}))


def _drop_page(counter: str, lines: int, counts: Counter[str]) -> None:
    counts[counter] += 1
    counts[lines_with_page(counter)] += lines


def _judge_line(line: str, settings: CleaningSettings, forbidden: _BadWordSearch | None) -> str:
    """Name the first rule that a line without its citations breaks, or VALID_LINE."""
    if not line.endswith(END_MARKS) or line.endswith(ELLIPSIS):
        return "lines-no-endmark"
    if len(line.split()) < settings.min_words_per_line:
        return "lines-too-short"
    lower = line.lower()
    if "lorem ipsum" in lower:
        return "filtered-page-loremipsum"
    if "javascript" in lower:
        return "lines-javascript"
    if "{" in line:
        return "filtered-page-squigglybracket"
    if any(phrase in lower for phrase in POLICY_PHRASES):
        return "lines-policy"
    if forbidden is not None and forbidden(lower):
        return "filtered-page-badword"
    return VALID_LINE


def _has_word_over(line: str, length: int) -> bool:
    return len(line) > length and any(
        found.end() - found.start() > length for found in _BY_SPACE.finditer(line)
    )


def _has_sentences(lines: list[str], wanted: int) -> bool:
    """Say whether `lines` hold `wanted` sentences, each line counted on its own."""
    # A line that ends in an end mark is one sentence or more: most pages need no counting.
    if len(lines) >= wanted:
        return True
    found = 0
    for line in lines:
        found += sentence_splitter().count(line, at_most=wanted - found)
        if found >= wanted:
            return True
    return False


class _BadWordSearch:
    """Searches a lower-case line for any word of a list, each between two non-letters."""

    def __init__(self, words: tuple[str, ...]) -> None:
        alternatives = "|".join(re.escape(word) for word in words)
        self._pattern = re.compile(f"[^a-z](?:{alternatives})[^a-z]")
        # Between non-letters every run of letters in a listed word is a whole run of the line,
        # so a line without any of the words' first runs needs no walk through the alternatives.
        runs = {word: _LETTERS.search(word) for word in words}
        self._first_runs = frozenset(run.group() for run in runs.values() if run)
        self._without_letters = tuple(word for word, run in runs.items() if run is None)

    def __call__(self, line: str) -> bool:
        if self._first_runs.isdisjoint(_LETTERS.findall(line)) and not any(
            word in line for word in self._without_letters
        ):
            return False
        return self._pattern.search(line) is not None


@functools.lru_cache(maxsize=8)
def _bad_word_search(words: tuple[str, ...]) -> _BadWordSearch | None:
    known = read_badwords("\n".join(words))
    return _BadWordSearch(known) if known else None
