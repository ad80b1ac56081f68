"""Which scores count as best: all within two standard deviations (Raffel et al. 2020, 3.1.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext

EXACT = 1200
"""Digits in which the difference of any two floats has no rounding error."""


def bold_mask(
    values: Sequence[float | None], std: float | None, *, lower_is_better: bool = False
) -> list[bool]:
    """Which values are the best (all ties), or strictly above best - 2 std; a hole never is.

    Where lower is better the best is the lowest, and the line lies at best + 2 std.
    `std` None or NaN means that there is no ruler: only the best. Numbers are compared as they
    are written: 82.81 is on the line of 83.28 and 0.235, not a rounding error above it. Raises
    ValueError for a negative or infinite std.
    """
    if std is None or math.isnan(std):
        ruler = None
    elif std < 0 or math.isinf(std):
        raise ValueError(f"std is {std}; accepted are a finite number from 0 up, or None.")
    else:
        ruler = Decimal(repr(float(std)))
    sign = -1 if lower_is_better else 1
    exact = [None if v is None or math.isnan(v) else sign * Decimal(repr(float(v))) for v in values]
    there = [v for v in exact if v is not None]
    if not there:
        return [False] * len(exact)
    best = max(there)
    with localcontext() as context:
        context.prec = EXACT
        line = best if ruler is None else best - 2 * ruler
        return [v is not None and (v == best or v > line) for v in exact]
