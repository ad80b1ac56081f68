"""What evidence could show: the smallest difference, and the seeds that a difference would take.

The power of these tests has no closed form: it is the mean, over what the rows' own spreads may
come to, of the chance that the difference then clears the bar.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cache, lru_cache
from typing import Any

from sweeps.claims.evidence import Difference, welch_freedom

POWER = 0.8
"""What is promised of a difference that is called detectable, or of seeds that are called needed"""
MOST_SEEDS = 10_000
"""A row that would need more is said to need more than any sweep has."""
_POINTS = 4096
"""Combinations of all rows' spreads, at which the chance is looked up."""
_MOST_MILLIONTHS = 10**16
"""Of a standard error: with one degree of freedom the least level asks for 3e8 of these."""
_LEAST_LEVEL = 1e-9
"""Below it hardly any difference would do, and distributions lose their digits."""


def detectable(found: Difference, level: float, *, equal: bool) -> float | None:
    """The smallest true difference that such evidence shows with a chance of POWER.

    Of `~`, where `equal`: the smallest margin within which it shows that rows are equal, if they
    are. None where the level leaves nothing to show.
    """
    if level < _LEAST_LEVEL:
        return None
    if not found.parts:
        return _in_errors(found.freedom, (), (), level, equal) * found.error
    return _in_errors(None, found.runs, _shares(found), level, equal) * found.error


@cache
def _in_errors(
    freedom: float | None,
    runs: tuple[int, ...],
    shares: tuple[float, ...],
    level: float,
    equal: bool,
) -> float:
    """What is detectable in standard errors: of a ruler's `freedom`, or of rows without one."""
    level = level if equal else level / 2
    bars = _of_rows(runs, shares, level) if freedom is None else _of_ruler(freedom, level)

    def power(millionths: int) -> float:
        size = millionths / 10**6
        return _within(0.0, size, bars) if equal else _beyond(size, bars)

    return bisect_left(range(_MOST_MILLIONTHS), POWER, key=power) / 10**6


def seeds_needed(found: Difference, level: float, margin: float | None = None) -> int | None:
    """Seeds a row for a chance of POWER to decide the claim, were the difference the one seen.

    None where no number up to MOST_SEEDS is enough. With a `margin` the claim is `~`.
    """
    size = abs(found.value)
    if size == (margin or 0.0):
        return None
    squares = [weight**2 for weight in found.weights]
    whole = sum(squares)

    def enough(seeds: int) -> bool:
        error = found.deviation * math.sqrt(whole / seeds)
        if margin is not None and size < margin:
            chance = _within(size / error, margin / error, bars(seeds, level))
        else:
            chance = _beyond((size - (margin or 0.0)) / error, bars(seeds, level / 2))
        return chance >= POWER

    def bars(seeds: int, level: float) -> Any:
        return _of_rows((seeds,) * len(squares), tuple(one / whole for one in squares), level)

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if low >= MOST_SEEDS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high if high <= MOST_SEEDS else None


def _shares(found: Difference) -> tuple[float, ...]:
    """Of each row in the difference's variance."""
    parts = found.parts or ()
    return tuple(part / sum(parts) for part in parts)


@lru_cache(maxsize=256)
def _of_ruler(freedom: float, level: float) -> Any:
    """What a difference must reach on one side, in true standard errors, at each quantile."""
    import numpy as np
    from scipy.special import stdtrit

    return -stdtrit(freedom, level) * np.sqrt(_variances(freedom, _POINTS))


@lru_cache(maxsize=256)
def _of_rows(runs: tuple[int, ...], shares: tuple[float, ...], level: float) -> Any:
    """Of rows of so many runs that bring these shares of the difference's variance."""
    import numpy as np
    from scipy.special import stdtrit

    quantiles = round(_POINTS ** (1 / len(runs)))
    parts = np.meshgrid(
        *(s * _variances(n - 1, quantiles) for s, n in zip(shares, runs, strict=True))
    )
    return -stdtrit(welch_freedom(parts, runs), level) * np.sqrt(sum(parts))


def _variances(freedom: float, count: int) -> Any:
    """Quantiles of an estimated variance whose true value is 1, each of the same weight."""
    import numpy as np
    from scipy.special import chdtri

    return chdtri(freedom, 1 - (np.arange(count) + 0.5) / count) / freedom


def _beyond(size: float, bars: Any) -> float:
    """The chance to find a true difference, in standard errors, beyond the bar on its own side."""
    from scipy.special import ndtr

    return float(ndtr(size - bars).mean())


def _within(size: float, margin: float, bars: Any) -> float:
    """The chance of both one-sided tests within the margin, in standard errors."""
    import numpy as np
    from scipy.special import ndtr

    low, high = bars - margin - size, margin - size - bars
    return float(np.where(high > low, ndtr(high) - ndtr(low), 0.0).mean())
