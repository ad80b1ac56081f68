"""What files of rows hold, looked at before anything is said of them: columns and values."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from lab.datasets.fields import as_text, value_at, way_of
from lab.datasets.source import missing_part
from lab.errors import nearest
from lab.rows import FileRows

SEEN = 100_000
"""Rows that are looked at."""
SHOWN = 20
"""Values that are shown."""


@dataclass(frozen=True, kw_only=True)
class Values:
    """The values of a column, as texts without spaces around; empty ones are left out."""

    counts: Mapping[str, int]
    """The values, the most frequent first, and how many rows have each."""
    rows: int
    whole: bool
    """Whether these are all rows."""

    @property
    def numbers(self) -> list[float]:
        """The values as numbers; nothing where one is none."""
        try:
            return [float(text) for text in self.counts]
        except ValueError:
            return []

    @property
    def where(self) -> str:
        """In which rows they are."""
        return f"{'the' if self.whole else 'the first'} {self.rows:,} rows of its files"


def first_row(files: Sequence[Path]) -> Mapping[str, Any] | None:
    """Return the first row; None without one. Raises DataError."""
    return _first_row(tuple((file, os.path.getmtime(file)) for file in files))


@functools.lru_cache(maxsize=16)
def _first_row(files: tuple[tuple[Path, float], ...]) -> Mapping[str, Any] | None:
    return next(iter(FileRows([file for file, _ in files])), None)


def values(rows: Iterable[Mapping[str, Any]], column: str) -> Values:
    """Return what a column of these rows holds. Raises DataError."""
    counts: Counter[str] = Counter()
    seen = 0
    found = iter(rows)
    for row in islice(found, SEEN):
        seen += 1
        if text := (as_text(value_at(row, way_of(row, column))) or "").strip():
            counts[text] += 1
    whole = next(found, None) is None
    return Values(counts=dict(counts.most_common()), rows=seen, whole=whole)


def lacking(row: Mapping[str, Any], column: str) -> str:
    """Return what is said of a column that a row does not have; nothing where it has it."""
    found = [missing_part(row, way) for way in column.split("|")]
    if not all(found) or found[0] is None:
        return ""
    part, names = found[0]
    there = ", ".join(map(repr, names)) or "none"
    return f"the data have no column '{column}'.{nearest(part, names)} Theirs: {there}."


def longest_text(row: Mapping[str, Any]) -> str:
    """Return the column whose text is the longest, most likely an input."""
    return max(row, key=lambda name: len(str(row[name])), default="text")
