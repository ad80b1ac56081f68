"""What the scores say of two rows: samples of runs, and the difference between them.

Where both rows have two runs or more, each brings its own spread (Welch 1947), with no more degrees
of freedom than two rows of the fewer runs would have. Where one has fewer,
the baseline's standard deviation stands for both rows', with its degrees of freedom (the
assumption of Raffel et al. 2020, section 3.1.5).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweeps.claims.statement import Claim, Ruler
from sweeps.columns import Column


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What is known of a row's runs in one column."""

    mean: float | None
    deviation: float | None = None
    """Over the runs (n - 1), where there are two or more and their scores are known."""
    runs: int = 1
    asked: int = 1
    diverged: int = 0
    """How many of the missing ones have failed as diverged."""

    @classmethod
    def of(cls, values: Sequence[float], asked: int | None = None, diverged: int = 0) -> Sample:
        """The sample of these runs' scores, of so many that were asked for."""
        return cls(
            mean=statistics.fmean(values) if values else None,
            deviation=statistics.stdev(values) if len(values) > 1 else None,
            runs=len(values),
            asked=len(values) if asked is None else asked,
            diverged=diverged,
        )


@dataclass(frozen=True, kw_only=True)
class _Whole(Sample):
    """A sample that has a mean."""

    mean: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that claims are judged by: samples by row and column, and a ruler for each column."""

    samples: Mapping[tuple[str, str], Sample]
    """By the row's label and the column's name; a row that is not there has none."""
    rulers: Mapping[str, Ruler] = field(default_factory=dict)
    """By the column's name; without one, rows of one run cannot be judged."""
    published: bool = False
    """Whether a claim's own ruler, which is of the published numbers, may stand in."""

    def ruler(self, claim: Claim, column: str) -> Ruler | None:
        """The deviation that stands for rows of one run."""
        found = self.rulers.get(column)
        return claim.ruler if found is None and self.published else found


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How much better the first of two rows is than the second, and how sure that is."""

    value: float
    """In the column's unit; above 0 where the first row is the better one."""
    error: float
    """Its standard error, which is more than 0."""
    freedom: float
    """Degrees of freedom of that error."""
    deviation: float
    """Of single runs, for the seeds that a row would need."""
    runs: tuple[int, int]
    """Of the first row and of the second one."""
    parts: tuple[float, float] | None = None
    """The squared errors of the two rows' means; None where one deviation stands for both."""
    method: str
    """How this was found, as a sentence."""

    def interval(self, level: float) -> tuple[float, float]:
        """What holds the true difference but for a share `level` of all studies."""
        from scipy.special import stdtrit

        reach = -float(stdtrit(self.freedom, level / 2)) * self.error
        return self.value - reach, self.value + reach

    def p_unequal(self) -> float:
        """Of the hypothesis that there is no difference, two-sided."""
        return 2 * self._beyond(abs(self.value))

    def p_within(self, margin: float) -> float:
        """Of the hypothesis that the rows differ by the margin or more: two one-sided tests."""
        return self._beyond(margin - abs(self.value))

    def p_beyond(self, margin: float) -> float:
        """Of the hypothesis that the rows differ by the margin or less, on either side."""
        return min(1.0, 2 * self._beyond(abs(self.value) - margin))

    def _beyond(self, distance: float) -> float:
        """The chance of a distance as large as this one, or larger, on its own side."""
        from scipy.special import stdtr

        return float(stdtr(self.freedom, -distance / self.error))


class UnjudgeableError(Exception):
    """Why two rows cannot be compared, as a sentence."""


class NoSpreadError(UnjudgeableError):
    """Nothing says yet how much chance there is: further seeds would."""


def difference(
    left: tuple[str, Sample | None],
    right: tuple[str, Sample | None],
    column: Column,
    ruler: Ruler | None,
) -> Difference:
    """How much better the left row is than the right one. Raises UnjudgeableError."""
    (a_name, a), (b_name, b) = (_whole(*one) for one in (left, right))
    value = b.mean - a.mean if column.lower_is_better else a.mean - b.mean
    short = "".join(
        f" Of {name}, {one.runs} of {one.asked} runs have a score."
        for name, one in ((a_name, a), (b_name, b))
        if one.runs < one.asked
    )
    if a.deviation is not None and b.deviation is not None:
        parts = a.deviation**2 / a.runs, b.deviation**2 / b.runs
        if not sum(parts):
            raise NoSpreadError(
                f"All {a.runs} runs of {a_name} have one score, and all {b.runs} of {b_name}: "
                "nothing says how much chance there is."
            )
        return Difference(
            value=value,
            error=math.sqrt(sum(parts)),
            freedom=float(welch_freedom(*parts, a.runs, b.runs)),
            parts=parts,
            deviation=math.sqrt((a.deviation**2 + b.deviation**2) / 2),
            runs=(a.runs, b.runs),
            method=f"Welch's t test over {a.runs} and {b.runs} runs.{short}",
        )
    few = " and ".join(
        f"{name} has {one.runs} {_runs(one.runs)}"
        for name, one in ((a_name, a), (b_name, b))
        if one.deviation is None
    )
    if ruler is None:
        raise NoSpreadError(
            f"{few}, and no deviation is known that could stand for theirs: give the baseline, or "
            "these rows, two seeds or more."
        )
    if not ruler.deviation:
        raise NoSpreadError(
            f"{few}, and {ruler.source} have one score: nothing says how much chance there is."
        )
    return Difference(
        value=value,
        error=ruler.deviation * math.sqrt(1 / a.runs + 1 / b.runs),
        freedom=ruler.runs - 1,
        deviation=ruler.deviation,
        runs=(a.runs, b.runs),
        method=(
            f"t test of {a.runs} and {b.runs} runs by the deviation {ruler.deviation:.3g} of "
            f"{ruler.source}, which is taken to be each row's.{short}"
        ),
    )


def welch_freedom(first: Any, second: Any, left: int, right: int) -> Any:
    """Welch's degrees of freedom by the squared errors of two means of so many runs.

    At most those of two rows of the fewer runs: two runs can be close together by chance, whatever
    the other row's ten say, and with Welch's own number false verdicts come twice as often as the
    level allows.
    """
    below = first**2 / (left - 1) + second**2 / (right - 1)
    import numpy as np

    return np.minimum((first + second) ** 2 / below, 2 * (min(left, right) - 1))


def _whole(name: str, sample: Sample | None) -> tuple[str, _Whole]:
    """A row's sample, if it can be compared. Raises UnjudgeableError."""
    if sample is None:
        raise UnjudgeableError(f"{name} is not there yet.")
    if sample.diverged:
        raise UnjudgeableError(
            f"{sample.diverged} of {sample.asked} {_runs(sample.asked)} of {name} diverged; a mean "
            "over the others would leave that out."
        )
    if sample.mean is None:
        raise UnjudgeableError(f"{name} has no score.")
    return name, _Whole(**{**vars(sample), "mean": sample.mean})


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"
