"""How little chance a verdict must leave when evidence is looked at more than once.

Lan and DeMets (1983): of the level, so much may have been spent by the time a share of all
information is there. The function that spends it is the one of O'Brien and Fleming's type: early
looks get hardly any, the last one nearly all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

_GRID = 18
"""Of gsdesign's integration, as R's gsDesign has it."""
_LEAST = 1e-13
"""A look that may spend less decides nothing: the integration is not finer."""


def information(weights: Sequence[int], runs: Sequence[int]) -> float:
    """What so many runs of each row say of their weighted sum, in units of one run's variance."""
    return 1 / sum(weight**2 / count for weight, count in zip(weights, runs, strict=True))


def spent(share: float, level: float) -> float:
    """What a two-sided test may have spent of the level at this share of the information."""
    from scipy.stats import norm

    return float(min(level, 4 * norm.sf(norm.isf(level / 4) / math.sqrt(share))))


@lru_cache(maxsize=4096)
def bounds(shares: tuple[float, ...], level: float) -> tuple[float, ...]:
    """The z-value that a two-sided test must reach at each look; infinite where none is enough.

    `shares` are the shares of the whole information, strictly growing, at most 1.
    """
    from gsdesign import h1, hupdate
    from scipy.optimize import brentq
    from scipy.stats import norm

    found: list[float] = []
    before, grid, earlier = 0.0, None, 0.0
    for share in shares:
        whole = spent(share, level)
        budget = whole - before

        def density(low: float, high: float, share=share, grid=grid, earlier=earlier):
            if grid is None:
                return h1(r=_GRID, info=share, a=low, b=high)
            return hupdate(_GRID, 0.0, share, low, high, 0.0, earlier, grid)

        if budget < _LEAST:
            bound = math.inf
        elif grid is None:
            bound = float(norm.isf(budget / 2))
        else:
            bound = brentq(
                lambda z, density=density, budget=budget: (
                    2 * density(z, math.inf)[2].sum() - budget
                ),
                0.0,
                9.0,
                xtol=1e-10,
            )
        found.append(float(bound))
        # Beyond 9 there is nothing to integrate.
        reach = min(float(bound), 9.0)
        grid, earlier, before = density(-reach, reach), share, whole
    return tuple(found)


def nominal_level(shares: Sequence[float], level: float) -> float:
    """What a two-sided p-value must be at most, at the last of these looks.

    With small samples the p-value is one of the t distribution: so compared, it keeps the level
    where z-bounds on t-values would not.
    """
    if len(shares) == 1 and shares[0] >= 1:
        return level
    from scipy.stats import norm

    bound = bounds(tuple(round(share, 12) for share in shares), level)[-1]
    return float(2 * norm.sf(bound)) if math.isfinite(bound) else 0.0
