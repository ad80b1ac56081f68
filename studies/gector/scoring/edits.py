"""Edits of token lists: where, and what is put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from studies.gector.scoring.counts import Counts

Tie = Callable[[Counts], tuple[float, ...]]


class Edit(NamedTuple):
    """The tokens [start, end) become the words, which are joined by spaces."""

    start: int
    end: int
    words: str


GoldEdit = tuple[Edit, ...]
"""An edit that an annotator made, in all the ways that count as right: one place, other words."""


def fewest_edits(counts: Counts) -> tuple[float, ...]:
    """Of references with equal F: more right, then fewer wrong, then fewer missing ones."""
    return counts.tp, -counts.fp, -counts.fn


def compare(proposed: Sequence[Edit], gold: Sequence[GoldEdit]) -> Counts:
    """Count edits whose start, end and words agree; a kind of error does not matter."""
    there = {*proposed}
    right = sum(any(way in there for way in ways) for ways in gold)
    return Counts(right, len(there) - right, len(gold) - right)


def apply_edits(source: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """Return the tokens after edits that do not overlap; insertions at a place in their order."""
    made: list[str] = []
    at = 0
    for start, end, words in sorted(edits, key=lambda edit: edit[:2]):
        made += [*source[at:start], *words.split()]
        at = end
    return [*made, *source[at:]]


def levenshtein_path(source: Sequence[str], target: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the cells (tokens read, words written) of a shortest path of edits, from the end.

    Inserting, deleting and replacing a token cost 1. Of equal steps the replacement goes first,
    then the deletion.
    """
    table = [[*range(len(target) + 1)]]
    for n, token in enumerate(source, 1):
        above, row = table[-1], [n]
        for m, word in enumerate(target):
            row.append(min(above[m] + (token != word), above[m + 1] + 1, row[m] + 1))
        table.append(row)
    n, m = len(source), len(target)
    yield n, m
    while n or m:
        here = table[n][m]
        if n and m and here == table[n - 1][m - 1] + (source[n - 1] != target[m - 1]):
            n, m = n - 1, m - 1
        elif n and here == table[n - 1][m] + 1:
            n -= 1
        else:
            m -= 1
        yield n, m
