"""Parallel text: a file of sentences and one of their corrections, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from lab.datasets.correction.tokens import tokens
from lab.errors import DataError
from studies.gector.text import read_lines


class Pair(NamedTuple):
    """A sentence and its correction, as tokens."""

    source: list[str]
    target: list[str]


def read_parallel(source: Path, target: Path) -> Iterator[Pair]:
    """Yield the pairs of two files; empty lines are pairs without tokens.

    Raises DataError where a file cannot be read or one is shorter.
    """
    lines = zip_longest(read_lines(source), read_lines(target))
    for number, (wrong, right) in enumerate(lines, 1):
        if wrong is None or right is None:
            short, long = (source, target) if wrong is None else (target, source)
            raise DataError(
                f"{short} has {number - 1:,} lines and {long} has more. Line n of the one is to be "
                "the correction of line n of the other."
            )
        yield Pair(tokens(_text(wrong)), tokens(_text(right)))


def _text(line: str) -> str:
    """Return a line that can be written as UTF-8, without a byte order mark."""
    return line.removeprefix("\ufeff").encode("utf-8", "replace").decode("utf-8")
