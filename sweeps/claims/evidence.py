"""What the scores say of two rows: samples of runs, and the difference between them.

Where both rows have two runs or more, each brings its own spread (Welch 1947). Where one has fewer,
the baseline's standard deviation stands for both rows', with its degrees of freedom (the
assumption of Raffel et al. 2020, section 3.1.5).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sweeps.claims.statement import Claim, Ruler
from sweeps.columns import Column, recorded_columns
from sweeps.digests import stored_scores
from sweeps.errors import DamagedStageError
from sweeps.store import Store

POWER = 0.8
"""What is promised of a difference that is called detectable, or of seeds that are called needed"""
MOST_SEEDS = 10_000
"""A row that would need more is said to need more than any sweep has."""
_QUANTILES = 2000
DIVERGED = "diverged"


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
    method: str
    """How this was found, as a sentence."""

    def interval(self, level: float) -> tuple[float, float]:
        """What holds the true difference but for a share `level` of all studies."""
        from scipy.stats import t

        reach = float(t.isf(level / 2, self.freedom)) * self.error
        return self.value - reach, self.value + reach

    def p_unequal(self) -> float:
        """Of the hypothesis that there is no difference, two-sided."""
        from scipy.stats import t

        return float(2 * t.sf(abs(self.value) / self.error, self.freedom))

    def p_within(self, margin: float) -> float:
        """Of the hypothesis that the rows differ by the margin or more: two one-sided tests."""
        from scipy.stats import t

        return float(t.sf((margin - abs(self.value)) / self.error, self.freedom))

    def p_beyond(self, margin: float) -> float:
        """Of the hypothesis that the rows differ by the margin or less, on either side."""
        from scipy.stats import t

        return min(1.0, float(2 * t.sf((abs(self.value) - margin) / self.error, self.freedom)))


class UnjudgeableError(Exception):
    """Why two rows cannot be compared, as a sentence."""


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
            raise UnjudgeableError(
                f"All {a.runs} runs of {a_name} have one score, and all {b.runs} of {b_name}: "
                "nothing says how much chance there is."
            )
        below = parts[0] ** 2 / (a.runs - 1) + parts[1] ** 2 / (b.runs - 1)
        return Difference(
            value=value,
            error=math.sqrt(sum(parts)),
            freedom=sum(parts) ** 2 / below,
            deviation=math.sqrt((a.deviation**2 + b.deviation**2) / 2),
            method=f"Welch's t test over {a.runs} and {b.runs} runs.{short}",
        )
    few = " and ".join(
        f"{name} has {one.runs} {_runs(one.runs)}"
        for name, one in ((a_name, a), (b_name, b))
        if one.deviation is None
    )
    if ruler is None:
        raise UnjudgeableError(
            f"{few}, and no deviation is known that could stand for theirs: give the baseline, or "
            "these rows, two seeds or more."
        )
    if not ruler.deviation:
        raise UnjudgeableError(
            f"{few}, and {ruler.source} have one score: nothing says how much chance there is."
        )
    return Difference(
        value=value,
        error=ruler.deviation * math.sqrt(1 / a.runs + 1 / b.runs),
        freedom=ruler.runs - 1,
        deviation=ruler.deviation,
        method=(
            f"t test of {a.runs} and {b.runs} runs by the deviation {ruler.deviation:.3g} of "
            f"{ruler.source}, which is taken to be each row's.{short}"
        ),
    )


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


# -- power -----------------------------------------------------------------------------------


def detectable(error: float, freedom: float, level: float, *, equal: bool) -> float:
    """The smallest true difference that such evidence shows with a chance of POWER.

    Of `~`, where `equal`: the smallest margin within which it shows that rows are equal, if they
    are.
    """
    from scipy.optimize import brentq

    power = _power_of_equality if equal else _power_of_difference

    def lacking(size: float) -> float:
        true, margin = (0.0, size) if equal else (size, 0.0)
        return power(true, margin, 1.0, freedom, level) - POWER

    highest = 1.0
    while lacking(highest) < 0:
        highest *= 2
    return float(brentq(lacking, 0.0, highest, xtol=1e-6)) * error


def seeds_needed(found: Difference, level: float, margin: float | None = None) -> int | None:
    """Seeds a row for a chance of POWER to decide the claim, were the difference the one seen.

    None where no number up to MOST_SEEDS is enough. With a `margin` the claim is `~`.
    """
    size = abs(found.value)
    if size == (margin or 0.0):
        return None

    def enough(seeds: int) -> bool:
        error, freedom = found.deviation * math.sqrt(2 / seeds), 2.0 * (seeds - 1)
        if margin is not None and size < margin:
            chance = _power_of_equality(size, margin, error, freedom, level)
        else:
            chance = _power_of_difference(size, margin or 0.0, error, freedom, level)
        return chance >= POWER

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if low >= MOST_SEEDS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high if high <= MOST_SEEDS else None


def _power_of_difference(
    true: float, margin: float, error: float, freedom: float, level: float
) -> float:
    """The chance to show a difference beyond the margin, on its own side, where it is true."""
    from statsmodels.stats.power import ttest_power

    # Its error is the deviation over the root of the number of observations: here 1.
    size = (true - margin) / error
    return float(ttest_power(size, 1, level / 2, df=freedom, alternative="larger"))


def _power_of_equality(
    true: float, margin: float, error: float, freedom: float, level: float
) -> float:
    """The chance of two one-sided tests within the margin, over what the deviation may come to."""
    import numpy as np
    from scipy.special import ndtr
    from scipy.stats import chi2, t

    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    reach = t.isf(level, freedom) * np.sqrt(chi2.ppf(shares, freedom) / freedom)
    low, high = (-margin - true) / error + reach, (margin - true) / error - reach
    return float(np.mean(np.where(high > low, ndtr(high) - ndtr(low), 0.0)))


# -- the store -------------------------------------------------------------------------------


def column_called(name: str | None, columns: Sequence[Column]) -> Column | None:
    """The column that a claim means; None where there is none.

    Without a name it is the average, or the only column. A name is a column's own, or that of the
    published column whose kind several of ours are: then their mean.
    """
    if name is None:
        average = [one for one in columns if one.average]
        return (average or columns)[0] if average or len(columns) == 1 else None
    for column in columns:
        if column.name == name:
            return column
    kind = [one for one in columns if one.paper == name and not one.average]
    if not kind or len({one.lower_is_better for one in kind}) > 1:
        return None
    if len(kind) == 1:
        return kind[0]
    return replace(
        kind[0],
        name=name,
        terms=tuple(group for one in kind for group in one.terms),
        decimals=max(one.decimals for one in kind),
        words=f"mean of {', '.join(one.name for one in kind)}",
        unit=kind[0].unit if len({one.unit for one in kind}) == 1 else None,
        average=True,
    )


def columns_of(claim: Claim, columns: Sequence[Column]) -> list[tuple[str, Column | None]]:
    """What a claim is judged in: the name of each column, and the column where it is there."""
    found: list[tuple[str, Column | None]] = []
    for name in claim.columns or (None,):
        column = column_called(name, columns)
        found.append((column.name if column else name or "average", column))
    return found


Read = Mapping[str, Mapping[str, Any]]


def recorded(
    record: Mapping[str, Any],
    store: Store,
    columns: Iterable[Column],
    seeds: Mapping[str, int] | None = None,
) -> Evidence:
    """The evidence of a sweep's record in these columns, by what its store holds now.

    `seeds` says by a row's label of how many of its seeds, from the first.
    """
    columns = list(columns)
    stages = record["stages"]
    scores: dict[str, Read | None] = {}

    def read(key: str) -> Read | None:
        if key not in scores:
            name = stages[key]["name"]
            scores[key] = _scores(store, name, key)
        return scores[key]

    samples: dict[tuple[str, str], Sample] = {}
    rulers: dict[str, Ruler] = {}
    for row in record["rows"]:
        cells = _distinct(row["cells"])[: (seeds or {}).get(row["label"])]
        for column in columns:
            values: list[float] = []
            diverged = 0
            for cell in cells:
                keys = {t: cell["scores"][t] for t in column.tasks if t in cell["scores"]}
                value = column.value({task: read(key) for task, key in keys.items()})
                if value is not None:
                    values.append(value)
                elif any(_diverged(store, stages, key) for key in keys.values()):
                    diverged += 1
            sample = Sample.of(values, len(cells), diverged)
            samples[row["label"], column.name] = sample
            if row.get("baseline") and sample.deviation is not None:
                rulers[column.name] = Ruler(
                    deviation=sample.deviation,
                    runs=sample.runs,
                    source=f"the baseline's {sample.runs} runs",
                )
    return Evidence(samples=samples, rulers=rulers)


def _distinct(cells: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Two seeds that ask the same stages are one run, not two."""
    found: dict[tuple[tuple[str, str], ...], Mapping[str, Any]] = {}
    for cell in cells:
        found.setdefault(tuple(sorted(cell["scores"].items())), cell)
    return list(found.values())


def _scores(store: Store, name: str, key: str) -> Read | None:
    place = store.place(name, key)
    if not place.is_dir():
        return None
    try:
        return stored_scores(place)
    except DamagedStageError:
        return None


def _diverged(store: Store, stages: Mapping[str, Any], key: str) -> bool:
    """Whether the newest failure of an unfinished stage, or of what it needs, is a divergence."""
    if store.place(stages[key]["name"], key).is_dir():
        return False
    failures = store.failures(key)
    if failures and failures[-1].get("kind") == DIVERGED:
        return True
    return any(_diverged(store, stages, parent) for parent in stages[key]["inputs"].values())


def recorded_claims(record: Mapping[str, Any]) -> tuple[Claim, ...]:
    """The claims of a sweep's record; a record from before there were any has none."""
    return tuple(Claim.from_json(one) for one in (record.get("claims") or {}).get("list", ()))


def claimed_columns(record: Mapping[str, Any]) -> list[Column]:
    """The columns that a record's claims are about."""
    known = recorded_columns(record)
    found: dict[str, Column] = {}
    for claim in recorded_claims(record):
        found |= {name: column for name, column in columns_of(claim, known) if column}
    return list(found.values())
