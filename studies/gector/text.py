"""Any text as lines of tokens, and back to text: what was not corrected stays as it stood.

A line is its tokens and what stands around them, so that nothing is lost: whitespace of any kind,
control characters, the line's end, bytes that are no UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from lab.datasets.correction.tokens import TOKEN
from lab.errors import DataError, nearest_path
from lab.files import replacing

LEFT_BOUND = frozenset(".,;:!?)]}%…”")
"""Marks that stand right behind the word before them where they are put in."""
RIGHT_BOUND = frozenset("([{“")
"""Marks that have nothing between themselves and the next word."""
BATCH = 1024
"""Lines that are corrected together."""

Correct = Callable[[list[list[str]]], list[list[str]]]
"""From the tokens of sentences to the tokens of the corrected ones, as many and in order."""


class Line(NamedTuple):
    """One line of a text."""

    tokens: list[str]
    gaps: list[str]
    """What stands before each token and, last, behind all of them."""

    @staticmethod
    def of(text: str) -> Line:
        """Take a line apart; its end is a part of the last gap."""
        found, gaps, at = [], [], 0
        for match in TOKEN.finditer(text):
            found.append(match.group())
            gaps.append(text[at : match.start()])
            at = match.end()
        return Line(found, [*gaps, text[at:]])

    def corrected(self, words: Sequence[str]) -> str:
        """Return the line with other words; the same words give the same line.

        A word that stayed, or stands in one's place, has what stood before that one. What is put
        in besides has a space before it, and a mark such as the full stop nothing.
        """
        made = [self.gaps[0] if self.tokens else ""]
        before: int | None = None
        for place, (word, own) in enumerate(zip(words, _owners(self.tokens, words), strict=True)):
            if place and own and (self.gaps[own] or before == own - 1):
                made.append(self.gaps[own])
            elif place:
                made.append(_gap(words[place - 1], word))
            made.append(word)
            before = own
        return "".join([*made, self.gaps[-1]])


def _owners(old: Sequence[str], new: Sequence[str]) -> Iterator[int | None]:
    """Yield for each new token the old one that it is or stands for; None of what is put in."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    yield from range(head)
    matcher = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    for _, start, end, first, last in matcher.get_opcodes():
        for place in range(last - first):
            yield head + start + place if place < end - start else None
    yield from range(len(old) - tail, len(old))


def _gap(before: str, word: str) -> str:
    """Return what stands before a word that is put in."""
    return "" if word in LEFT_BOUND or before in RIGHT_BOUND else " "


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file with their ends, whatever its bytes are; only LF ends a line.

    Bytes that are no UTF-8 come through as they are when the lines are written as `encoded` does.
    Raises DataError where there is no such file.
    """
    try:
        with path.open("rb") as file:
            for line in file:
                yield line.decode("utf-8", "surrogateescape")
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{path}: {reason}.{nearest_path(path)}") from error


def encoded(line: str) -> bytes:
    """Return a line as the bytes that were read."""
    return line.encode("utf-8", "surrogateescape")


class Outcome(NamedTuple):
    """What became of a text."""

    lines: int
    changed: int


def correct_file(source: Path, target: Path, correct: Correct) -> Outcome:
    """Write the lines of a file with their corrections, as many and in order.

    `target` appears whole or not at all; it may be the source. Raises DataError where a file
    cannot be read or written.
    """
    lines = read_lines(source)
    count = changed = 0
    try:
        with replacing(target) as part, part.open("wb") as file:
            while batch := [*islice(lines, BATCH)]:
                for line, new in zip(batch, corrected_lines(batch, correct), strict=True):
                    file.write(encoded(new))
                    count += 1
                    changed += new != line
    except OSError as error:
        raise DataError(f"{target}: {error.strerror or error}.") from error
    return Outcome(count, changed)


def corrected_lines(lines: Iterable[str], correct: Correct) -> list[str]:
    """Return lines with their corrections; a line without a token stays as it is."""
    apart = [Line.of(line) for line in lines]
    full = [line for line in apart if line.tokens]
    made = iter(correct([[*line.tokens] for line in full]) if full else [])
    return [line.corrected(next(made) if line.tokens else []) for line in apart]
