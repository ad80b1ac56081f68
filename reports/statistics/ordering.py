"""How many pairs of rows two columns put in the same order: decision accuracy.

As of Heineman et al. 2025 (section 3): the share of pairs in which a small experiment would choose
as the large one does. Pairs share rows, so that they are not independent: the interval counts as
many as no row is in twice, over which a mean varies at least as much as over all (Hoeffding 1963).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """The pairs of rows that both columns have, and how many have one order in both."""

    pairs: int
    """Those that are tied in the second column are none: there is no order to find again."""
    same: int
    """One that is tied in the first column alone is not the same."""
    interval: tuple[float, float] | None
    """Of the share, at 95%; None without a pair."""

    @property
    def share(self) -> float | None:
        """The decision accuracy, from 0 to 1."""
        return self.same / self.pairs if self.pairs else None

    def words(self) -> str:
        """`5 of 6 pairs (83%, 95% interval 27% to 98%)`."""
        if self.share is None or self.interval is None:
            return "no pair"
        low, high = self.interval
        plural = "pair" if self.pairs == 1 else "pairs"
        return (
            f"{self.same} of {self.pairs} {plural} ({self.share:.0%}, 95% interval {low:.0%} to "
            f"{high:.0%})"
        )


def ordering(
    both: Sequence[tuple[float, float]], rulers: tuple[float, float] | None = None
) -> Ordering:
    """The order of rows by two scores each, the higher the better.

    With `rulers` only pairs count that differ by as much or more in both columns.
    """
    counted: list[tuple[int, int]] = []
    same = 0
    for (i, one), (j, other) in combinations(enumerate(both), 2):
        ours, theirs = one[0] - other[0], one[1] - other[1]
        if theirs == 0 or (rulers and (abs(ours) < rulers[0] or abs(theirs) < rulers[1])):
            continue
        counted.append((i, j))
        same += ours * theirs > 0
    return Ordering(pairs=len(counted), same=same, interval=_interval(same, counted))


def _interval(same: int, pairs: Sequence[tuple[int, int]]) -> tuple[float, float] | None:
    """Wilson's interval of the share, over the pairs that have no row in common."""
    if not pairs:
        return None
    from statsmodels.stats.proportion import proportion_confint

    taken: set[int] = set()
    apart = 0
    for i, j in pairs:
        if taken.isdisjoint((i, j)):
            taken |= {i, j}
            apart += 1
    low, high = proportion_confint(same / len(pairs) * apart, apart, alpha=LEVEL, method="wilson")
    return float(low), float(high)
