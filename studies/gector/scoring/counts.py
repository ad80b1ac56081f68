"""Right, wrong and missing edits, and the scores that are made of them."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """Edits that are right, wrong (too many) and missing."""

    tp: int
    fp: int
    fn: int

    def plus(self, other: Counts) -> Counts:
        """Return the sums."""
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> float:
        """The share of the proposed edits that is right; 1 where none is wrong."""
        return self.tp / (self.tp + self.fp) if self.fp else 1.0

    @property
    def recall(self) -> float:
        """The share of the right edits that was proposed; 1 where none is missing."""
        return self.tp / (self.tp + self.fn) if self.fn else 1.0

    def f(self, beta: float) -> float:
        """The weighted mean of the two: below 1, `beta` favours precision."""
        return f_score(self.precision, self.recall, beta)


def f_score(precision: float, recall: float, beta: float) -> float:
    """Return (1 + b²) P R / (b² P + R), of shares or of percentages; 0 where both are 0."""
    square = beta * beta
    if not precision and not recall:
        return 0.0
    return (1 + square) * precision * recall / (square * precision + recall)
