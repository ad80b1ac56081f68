"""What one of our columns says about the published one of its kind."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.statistics.ordering import Ordering, ordering
from reports.table import Column, Row, Score, Table

AGREES, OPPOSITE, MIXED = "agrees", "opposite", "mixed"
OURS_INSIDE = "our differences are inside our own spread"
THEIRS_INSIDE = "the {other} differences are inside their own spread"
NOT_BOTH = "no row differs beyond the spread in both tables"
NOTHING = "nothing to compare yet"
LEFT_OUT = "The published table leaves its baseline out."


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What one of our columns says about the published one it is paired with."""

    ours: str
    published: str
    same_scores: bool
    """Whether both are made of the same tasks and metrics."""
    signs: tuple[tuple[str, int, int], ...]
    """Row and whether it is better (1) or worse (-1) than the baseline: ours, the published one."""
    tau: float | None
    p_value: float | None
    rows: int
    """How many rows have both scores."""
    bold_published: tuple[str, ...]
    """Rows that are bold there, and have a score here."""
    bold_repeated: tuple[str, ...]
    verdict: str
    order: Ordering
    """Over all pairs of rows."""
    clear_order: Ordering
    """Over the pairs that differ by two deviations or more in both."""
    short: str = "published"
    """What the published column is called in the sentence."""
    other: str = "published"
    """What kind of column it is: of another sweep it is none that was published."""

    def sentence(self) -> str:
        """One line for below the table."""
        same = sum(a == b for _, a, b in self.signs)
        parts = [f"{self.ours} ours, {self.published} {self.short}: {self.verdict}"]
        if self.signs:
            parts.append(f"{same} of {len(self.signs)} signs are the same")
        if self.tau is not None and self.p_value is not None:
            parts.append(f"Kendall's tau {self.tau:.2f} (p = {self.p_value:.2f}, {self.rows} rows)")
        if self.order.pairs:
            parts.append(
                f"ordered alike are {self.order.words()}, of those two deviations or more apart in "
                f"both {self.clear_order.words()}"
            )
        if self.bold_published:
            plain = [row for row in self.bold_published if row not in self.bold_repeated]
            repeated, bold = len(self.bold_repeated), len(self.bold_published)
            parts.append(
                f"{repeated} of {bold} {self.other} bolds repeated"
                + (f" (not {', '.join(plain)})" if plain else "")
            )
        return "; ".join(parts) + "."


class Pair:
    """One of our columns and the published one, over the rows that both tables have."""

    def __init__(
        self,
        ours: Table,
        theirs: Table,
        rows: Sequence[tuple[Row, Row | None]],
        reference: Row | None,
        j: int,
        k: int,
    ) -> None:
        self.columns = ours.columns[j], theirs.columns[k]
        self.heights = tuple(-1.0 if column.lower_is_better else 1.0 for column in self.columns)
        """By what numbers become heights, of which the higher is the better."""
        self.rulers = ours.ruler[j], theirs.ruler[k]
        self.rows = rows
        self.left = [a.scores[j] for a, _ in rows]
        self.right = [b.scores[k] if b else Score(value=None, notes=(LEFT_OUT,)) for _, b in rows]
        baseline = next((a.scores[j].value for a, _ in rows if a.baseline), None)
        published = reference.scores[k].value if reference else None
        self.relative = reference is not None and any(a.baseline for a, _ in rows)
        """Whether differences are to the baseline; else to the mean of the rows in both."""
        both = [
            (a.value, b.value)
            for a, b in zip(self.left, self.right, strict=True)
            if a.value is not None and b.value is not None
        ]
        self.both = both
        if not self.relative:
            baseline = statistics.fmean(a for a, _ in both) if both else None
            published = statistics.fmean(b for _, b in both) if both else None
        self.zero = baseline, published

    def scores(self, absolute: bool) -> tuple[list[Score], list[Score]]:
        """What the table shows of both columns."""
        left, right = (
            [
                score
                if absolute
                else replace(
                    score, value=_minus(score.value, zero), text=None, deviation=None, samples=()
                )
                for score in side
            ]
            for side, zero in zip((self.left, self.right), self.zero, strict=True)
        )
        return left, right

    def differences(self) -> list[tuple[str, float, float]]:
        """Label and both differences of every row that has both, the baseline left out.

        A difference above zero is for the better, also where lower numbers are.
        """
        ours, theirs = self.heights
        found = []
        for (row, _), a, b in zip(self.rows, *self.scores(absolute=False), strict=True):
            if not (row.baseline and self.relative) and a.value is not None and b.value is not None:
                found.append((row.label, ours * a.value, theirs * b.value))
        return found

    def agreement(self, short: str = "published", other: str = "published") -> Agreement:
        """Signs, ranks, bold and the verdict; `short` is what the publication is called."""
        heights = [(self.heights[0] * a, self.heights[1] * b) for a, b in self.both]
        tau, p_value = _kendall(heights)
        # A column without a ruler counts every difference.
        ours, theirs = (2 * ruler if ruler is not None else 0.0 for ruler in self.rulers)
        bold = [
            (row.label, a.bold)
            for (row, _), a, b in zip(self.rows, self.left, self.right, strict=True)
            if b.bold and a.value is not None
        ]
        return Agreement(
            ours=self.columns[0].name,
            published=self.columns[1].name,
            same_scores=_made_of(self.columns[0]) == _made_of(self.columns[1]),
            signs=tuple((label, _sign(a), _sign(b)) for label, a, b in self.differences()),
            tau=tau,
            p_value=p_value,
            rows=len(self.both),
            bold_published=tuple(label for label, _ in bold),
            bold_repeated=tuple(label for label, ours in bold if ours),
            verdict=self._verdict().format(other=other),
            order=ordering(heights),
            clear_order=ordering(heights, (ours, theirs)),
            short=short,
            other=other,
        )

    def _verdict(self) -> str:
        """By the signs of the rows that differ by two deviations or more in both tables."""
        differences = [(a, b) for _, a, b in self.differences()]
        if not differences:
            return NOTHING
        ours, theirs = self.rulers
        if all(_inside(a, ours) for a, _ in differences):
            return OURS_INSIDE
        if all(_inside(b, theirs) for _, b in differences):
            return THEIRS_INSIDE
        clear = [(a, b) for a, b in differences if not _inside(a, ours) and not _inside(b, theirs)]
        if not clear:
            return NOT_BOTH
        same = sum(_sign(a) == _sign(b) for a, b in clear)
        return AGREES if same == len(clear) else MIXED if same else OPPOSITE


def _minus(value: float | None, zero: float | None) -> float | None:
    return None if value is None or zero is None else value - zero


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _inside(difference: float, std: float | None) -> bool:
    """Whether there is no difference, or one of less than two deviations where these are known."""
    return difference == 0 or (std is not None and abs(difference) < 2 * std)


def _kendall(both: Sequence[tuple[float, float]]) -> tuple[float | None, float | None]:
    """Kendall's tau-b and its p-value; None where a side has less than two different scores."""
    from scipy.stats import kendalltau

    if len({a for a, _ in both}) < 2 or len({b for _, b in both}) < 2:
        return None, None
    found = kendalltau([a for a, _ in both], [b for _, b in both])
    if math.isnan(found.statistic) or math.isnan(found.pvalue):
        return None, None
    return float(found.statistic), float(found.pvalue)


def _made_of(column: Column) -> set[frozenset[tuple[str, str]]]:
    return {frozenset(group) for group in column.terms}
