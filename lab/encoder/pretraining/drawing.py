"""Which positions are drawn to be predicted, as the release of Clark et al. (2020) draws them.

Letters: B rows, T positions, N drawn slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.encoder.pretraining.masking import Ids

CAP_MARGIN = 0.005
"""Added to the rate before the cap on a row's slots is cut to a whole number."""


def most_positions(longest: int, rate: float) -> int:
    """The cap on the positions drawn in a row, by the longest row's length."""
    return int((rate + CAP_MARGIN) * longest)


def how_many(tokens: ArrayLike, rate: float, longest: int) -> Ids:
    """Positions drawn in a row of so many real tokens, the special ones counted; also of many rows.

    At least 1, at most the cap, rounded half to even in float32, as released.
    """
    rounded = np.round(np.asarray(tokens, dtype=np.float32) * np.float32(rate))
    return np.clip(rounded.astype(np.int64), 1, max(1, most_positions(longest, rate)))


def draw(
    allowed: NDArray[np.bool_],
    counts: Ids,
    rng: np.random.Generator,
    *,
    slots: int | None = None,
    replacement: bool = False,
) -> tuple[Ids, NDArray[np.bool_]]:
    """Positions (B, N) and which of these `slots` are used; N is the largest count by default.

    Uniform among what is `allowed` (B, T), for each row as many as `counts` (B,) and as are there.
    With `replacement`, as the released code draws, a position may be drawn more than once. An
    unused slot is position 0.
    """
    slots = int(counts.max(initial=0)) if slots is None else slots
    there = allowed.sum(1)
    if replacement:
        order = np.argsort(~allowed, axis=1, kind="stable")
        places = (rng.random((len(allowed), slots)) * there[:, None]).astype(np.int64)
        positions = np.take_along_axis(order, places, 1)
        counts = np.where(there > 0, counts, 0)
    else:
        keys = np.where(allowed, rng.random(allowed.shape), 2.0)
        # Not stable, which is faster: equal keys are only those of what is not allowed.
        positions = np.argsort(keys, axis=1)[:, :slots]
        counts = np.minimum(counts, there)
    used = np.arange(positions.shape[1]) < counts[:, None]
    return np.where(used, positions, 0), used


def distinct_positions(candidates: int, draws: int) -> float:
    """How many different positions to expect of draws with replacement."""
    return candidates * (1.0 - (1.0 - 1.0 / candidates) ** draws)
