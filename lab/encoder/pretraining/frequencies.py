"""How often pieces stand in the training text."""

from __future__ import annotations

from typing import Any

import numpy as np

TOGETHER = 2**24
"""Tokens that are counted together."""


def counts(lines: Any, size: int) -> np.ndarray:
    """How often each of `size` pieces stands in lines."""
    corpus = lines.corpus
    found = np.zeros(size, dtype=np.int64)
    for start in range(0, len(corpus), TOGETHER):
        found += np.bincount(corpus.read(start, min(start + TOGETHER, len(corpus))), minlength=size)
    return found


def unigram_logits(lines: Any, pieces: Any) -> np.ndarray:
    """Log-probabilities of all pieces (V,) by their counts in `lines`, special ones left out.

    One is added to each count, so that a piece which stands in other text alone has a chance.
    """
    found = counts(lines, pieces.size) + 1.0
    found[sorted(pieces.special)] = 0.0
    with np.errstate(divide="ignore"):
        logits: np.ndarray = np.log(found / found.sum()).astype(np.float32)
    return logits
