"""This project's own measure: edits are the runs of a token-level Levenshtein path that differ.

It is neither M2 nor ERRANT, and its digits do not stand beside theirs without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from studies.gector.scoring.counts import Counts
from studies.gector.scoring.edits import (
    Edit,
    GoldEdit,
    compare,
    fewest_edits,
    levenshtein_path,
)


class TokenEdits:
    """Neighbouring edits are one; start, end and words must agree."""

    name = "token_edits"
    tie = staticmethod(fewest_edits)

    def check(self) -> None:
        """Nothing can be missing."""

    def edits(self, source: Sequence[str], target: Sequence[str]) -> list[Edit]:
        """Return the edits that make the target, in order."""
        head = _common(source, target)
        tail = _common(source[head:][::-1], target[head:][::-1])
        old, new = source[head : len(source) - tail], target[head : len(target) - tail]
        found: list[list[int]] = []
        cells = [*levenshtein_path(old, new)][::-1]
        for (n, m), (to_n, to_m) in pairwise(cells):
            if to_n > n and to_m > m and old[n] == new[m]:
                continue
            if found and found[-1][1] == n and found[-1][3] == m:
                found[-1][1::2] = to_n, to_m
            else:
                found.append([n, to_n, m, to_m])
        return [Edit(head + a, head + b, " ".join(new[c:d])) for a, b, c, d in found]

    def counts(
        self, source: Sequence[str], output: Sequence[str], gold: Sequence[GoldEdit]
    ) -> Counts:
        """Compare the output's edits with the right ones."""
        return compare(self.edits(source, output), gold)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many tokens the two begin with alike."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))


SCORER = TokenEdits()
