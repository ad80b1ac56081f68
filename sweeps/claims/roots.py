"""Where a function is zero; scipy.optimize takes longer to import than a plan's claims take."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

_MOST_STEPS = 100
_RELATIVE = 4 * sys.float_info.epsilon


def root(function: Callable[[float], float], low: float, high: float, within: float) -> float:
    """A zero between two arguments at which the function's signs differ, by Brent (1973, ch. 4).

    Step for step as scipy.optimize.brentq, and so with its digits. Raises ValueError where the
    signs are equal, or no zero is found.
    """
    before, best = low, high
    at_before, at_best = function(before), function(best)
    if at_before == 0:
        return before
    if at_best != 0 and (at_before < 0) == (at_best < 0):
        raise ValueError(f"The function has the same sign at {low} and at {high}.")
    other, at_other, last, step = before, at_before, 0.0, 0.0
    for _ in range(_MOST_STEPS):
        if at_best != 0 and (at_before < 0) != (at_best < 0):
            other, at_other = before, at_before
            last = step = best - before
        if abs(at_other) < abs(at_best):
            before, best, other = best, other, best
            at_before, at_best, at_other = at_best, at_other, at_best
        least, half = (within + _RELATIVE * abs(best)) / 2, (other - best) / 2
        if at_best == 0 or abs(half) < least:
            return best
        tried = math.inf
        if abs(last) > least and abs(at_best) < abs(at_before):
            tried = _interpolated((before, at_before), (best, at_best), (other, at_other))
        near = 2 * abs(tried) < min(abs(last), 3 * abs(half) - least)
        last, step = (step, tried) if near else (half, half)
        before, at_before = best, at_best
        best += step if abs(step) > least else least if half > 0 else -least
        at_best = function(best)
    raise ValueError(f"No zero between {low} and {high} after {_MOST_STEPS} steps.")


def _interpolated(
    before: tuple[float, float], best: tuple[float, float], other: tuple[float, float]
) -> float:
    """From the best point to the zero of a line through two, or a hyperbola through three."""
    (x0, y0), (x, y), (x1, y1) = before, best, other
    if x0 == x1:
        return -y * (x - x0) / (y - y0)
    slope, slope1 = (y0 - y) / (x0 - x), (y1 - y) / (x1 - x)
    return -y * (y1 * slope1 - y0 * slope) / (slope1 * slope * (y1 - y0))
