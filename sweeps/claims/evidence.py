"""What the scores say of rows: samples of runs, and the difference between two sides of a claim.

A side is a row, or the difference of two: the squared errors of all rows' means add. Where every
row has two runs or more, each brings its own spread (Welch 1947), with no more degrees of freedom
than the rows of the fewest runs have. Where one has fewer, the baseline's standard deviation stands
for every row's, with its degrees of freedom (the assumption of Raffel et al. 2020, section 3.1.5).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
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
    """How much better the first side of a claim is than the second, and how sure that is."""

    value: float
    """In the column's unit; above 0 where the first side is the better one."""
    error: float
    """Its standard error; 0 of what is counted."""
    freedom: float
    """Degrees of freedom of that error."""
    deviation: float
    """Of single runs, for the seeds that a row would need."""
    weights: tuple[int, ...]
    """How often each row's mean counts in it."""
    runs: tuple[int, ...]
    """Of each row."""
    parts: tuple[float, ...] | None = None
    """The squared error that each row brings; None where one deviation stands for all."""
    method: str
    """How this was found, as a sentence."""

    @property
    def counted(self) -> bool:
        """Whether chance has no part in it."""
        return not self.error

    def interval(self, level: float) -> tuple[float, float] | None:
        """What holds the true difference but for a share `level` of all studies.

        None of what is counted.
        """
        if self.counted:
            return None
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
        if self.counted:
            return 0.0
        from scipy.special import stdtr

        return float(stdtr(self.freedom, -distance / self.error))


class UnjudgeableError(Exception):
    """Why rows cannot be compared, as a sentence."""


class NoSpreadError(UnjudgeableError):
    """Nothing says yet how much chance there is: further seeds would."""


def difference(
    rows: Sequence[tuple[int, str, Sample | None]], column: Column, ruler: Ruler | None
) -> Difference:
    """The weighted sum of rows' means, above 0 where it is for the better.

    Each row is its weight, its label and its sample. Raises UnjudgeableError.
    """
    weights = tuple(weight for weight, _, _ in rows)
    samples = {name: _whole(name, sample) for _, name, sample in rows}
    sign = -1 if column.lower_is_better else 1
    value = sign * sum(w * one.mean for w, one in zip(weights, samples.values(), strict=True))
    runs = tuple(one.runs for one in samples.values())
    counts = tuple(weight**2 / count for weight, count in zip(weights, runs, strict=True))
    short = "".join(
        f" Of {name}, {one.runs} of {one.asked} runs have a score."
        for name, one in samples.items()
        if one.runs < one.asked
    )
    if column.counted:
        return Difference(
            value=value,
            error=0.0,
            freedom=math.inf,
            deviation=0.0,
            weights=weights,
            runs=runs,
            method=f"{column.name} are counted: chance has no part in them.{short}",
        )
    known = [one.deviation for one in samples.values() if one.deviation is not None]
    if len(known) == len(samples):
        parts = tuple(share * own**2 for share, own in zip(counts, known, strict=True))
        if not sum(parts):
            (first, one), *others = samples.items()
            rest = and_all(f"all {other.runs} of {name}" for name, other in others)
            raise NoSpreadError(
                f"All {one.runs} runs of {first} have one score, and {rest}: nothing says how much "
                "chance there is."
            )
        squares = sum((w * own) ** 2 for w, own in zip(weights, known, strict=True))
        return Difference(
            value=value,
            error=math.sqrt(sum(parts)),
            freedom=float(welch_freedom(parts, runs)),
            parts=parts,
            deviation=math.sqrt(squares / sum(w**2 for w in weights)),
            weights=weights,
            runs=runs,
            method=f"Welch's t test over {and_all(map(str, runs))} runs.{short}",
        )
    few = and_all(
        f"{name} has {one.runs} {_runs(one.runs)}"
        for name, one in samples.items()
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
        error=ruler.deviation * math.sqrt(sum(counts)),
        freedom=ruler.runs - 1,
        deviation=ruler.deviation,
        weights=weights,
        runs=runs,
        method=(
            f"t test of {and_all(map(str, runs))} runs by the deviation {ruler.deviation:.3g} of "
            f"{ruler.source}, which is taken to be each row's.{short}"
        ),
    )


def and_all(words: Iterable[str]) -> str:
    """Words as a list in a sentence: "1, 2 and 3"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def welch_freedom(parts: Sequence[Any], runs: Sequence[int]) -> Any:
    """Welch's degrees of freedom by the squared errors that rows of so many runs bring.

    At most those of the rows of the fewest runs, and of two such rows where there is one: two runs
    can be close together by chance, whatever the other rows' ten say, and with Welch's own number
    false verdicts come twice as often as the level allows.
    """
    import numpy as np

    below = sum(part**2 / (count - 1) for part, count in zip(parts, runs, strict=True))
    fewest = min(runs)
    return np.minimum(sum(parts) ** 2 / below, max(2, runs.count(fewest)) * (fewest - 1))


def _whole(name: str, sample: Sample | None) -> _Whole:
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
    return _Whole(**{**vars(sample), "mean": sample.mean})


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"
