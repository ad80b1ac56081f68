"""A second segment from another document, label 1, whatever the sentence loss is: as released."""

from __future__ import annotations

from typing import Any

import numpy as np


def pair(pairs: Any, single: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All chunks."""
    pairs.foreign[single] = True
    return np.ones_like(single)
