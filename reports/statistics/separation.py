"""How well a column tells rows apart: its signal and its noise (Heineman et al. 2025, section 3).

Signal is the largest difference of two rows over the mean of all, noise the standard deviation
(n - 1) of repeated scores over their mean. Their ratio says how many deviations lie between the
best and the worst row.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from reports.table import Row, Score, Table

RARE = 0.05
"""How often noise alone gives a ratio above the one that is named as its own."""


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The spread of scores that differ by nothing that was asked about."""

    deviation: float
    relative: float | None
    """The deviation over the mean of the scores; None where that is not above zero."""
    freedom: int
    """Degrees of freedom of the deviation."""


@dataclass(frozen=True, kw_only=True)
class Separation:
    """What one column says about the rows of a table."""

    column: str
    signal: float | None
    """The range of the rows' scores over their mean; None where that is not above zero."""
    noise: Noise | None
    """Over the seeds of every row that has two or more."""
    checkpoints: Noise | None
    """Over the last checkpoints of one run: cheaper, and blind to what another seed changes."""
    ratio: float | None
    checkpoint_ratio: float | None
    chance: float | None
    """The ratio that rows without any difference exceed once in twenty times."""

    def clear(self, ratio: float | None = None) -> bool:
        """Whether the column's ratio reaches a given one, or lies above what chance gives."""
        if self.ratio is None:
            return False
        return self.ratio >= ratio if ratio is not None else self.ratio > (self.chance or 0.0)


def separation(table: Table, j: int, checkpoints: Sequence[float] = ()) -> Separation:
    """The signal and the noise of column `j`; `checkpoints` are scores of one run, in order."""
    scores = [row.scores[j] for row in _rows(table) if row.scores[j].value is not None]
    values = [score.value for score in scores if score.value is not None]
    spread = max(values) - min(values) if len(values) > 1 else None
    seeds, steps = over_seeds(scores), over_checkpoints(checkpoints)
    mean = statistics.fmean(values) if values else 0.0
    return Separation(
        column=table.columns[j].name,
        signal=None if spread is None or mean <= 0 else spread / mean,
        noise=seeds,
        checkpoints=steps,
        ratio=_ratio(spread, seeds),
        checkpoint_ratio=_ratio(spread, steps),
        chance=_chance(scores, seeds) if spread is not None else None,
    )


def over_seeds(scores: Sequence[Score]) -> Noise | None:
    """The deviation over seeds, pooled over the rows with two runs or more."""
    repeated = [score.samples for score in scores if len(score.samples) > 1]
    freedom = sum(len(samples) - 1 for samples in repeated)
    if not freedom:
        return None
    squares = sum((len(samples) - 1) * statistics.variance(samples) for samples in repeated)
    every = [value for samples in repeated for value in samples]
    return _noise(math.sqrt(squares / freedom), statistics.fmean(every), freedom)


def over_checkpoints(scores: Sequence[float]) -> Noise | None:
    """The deviation over the checkpoints of one run."""
    if len(scores) < 2:
        return None
    return _noise(statistics.stdev(scores), statistics.fmean(scores), len(scores) - 1)


def _noise(deviation: float, mean: float, freedom: int) -> Noise:
    relative = deviation / mean if mean > 0 else None
    return Noise(deviation=deviation, relative=relative, freedom=freedom)


def _ratio(spread: float | None, noise: Noise | None) -> float | None:
    """Range over deviation: both means are left out, which are nearly one and may be zero."""
    if spread is None or noise is None or noise.deviation == 0:
        return None
    return spread / noise.deviation


def _chance(scores: Sequence[Score], noise: Noise | None) -> float | None:
    """Tukey's studentized range: a row's mean varies less the more runs it has."""
    if noise is None or noise.deviation == 0:
        return None
    runs = statistics.harmonic_mean([score.runs for score in scores])
    return _studentized_range(len(scores), noise.freedom) / math.sqrt(runs)


@functools.cache
def _studentized_range(rows: int, freedom: int) -> float:
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(1 - RARE, rows, freedom))


def _rows(table: Table) -> list[Row]:
    return [row for row in table.rows if row.kind == "score"]
