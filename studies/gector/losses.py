"""The loss of the two heads, as released: the paper does not say how they are added."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Loss(NamedTuple):
    """What is minimized, and its two parts."""

    total: Tensor
    tags: Tensor
    detection: Tensor


def mean_of_sentences(surprise: Tensor, real: Tensor) -> Tensor:
    """Return the mean over sentences of the mean over their real tokens; both (B, T).

    So a short sentence weighs as much as a long one.
    """
    real = real.to(surprise.dtype)
    return ((surprise * real).sum(1) / real.sum(1).clamp(min=1)).mean()


def loss(tags: Tensor, detection: Tensor, real: Tensor) -> Loss:
    """Add the losses of both heads without weights: -log p of the right class (B, T) of each."""
    parts = mean_of_sentences(tags, real), mean_of_sentences(detection, real)
    return Loss(parts[0] + parts[1], *parts)
