"""There is no such row."""

from __future__ import annotations

from typing import Any

import numpy as np


def pair(pairs: Any, single: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All chunks but those of one line."""
    pairs.foreign[single] = False
    return ~single
