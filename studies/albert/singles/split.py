"""The line itself is parted, before one of its pieces; ours, as a port of the release does."""

from __future__ import annotations

from typing import Any

import numpy as np


def pair(pairs: Any, single: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Part lines of two pieces or more; one piece alone is no row."""
    sizes = pairs.first[:, 1] - pairs.first[:, 0]
    within = 1 + (rng.random(len(single)) * (sizes - 1)).astype(np.int64)
    parted = single & (sizes > 1)
    pairs.second[parted, 1] = pairs.first[parted, 1]
    pairs.first[parted, 1] = (pairs.first[:, 0] + within)[parted]
    pairs.second[parted, 0] = pairs.first[parted, 1]
    return ~single | parted
