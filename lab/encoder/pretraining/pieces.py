"""How well logits tell pieces: losses, answers, sums over what counts. Letters: V pieces."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def piece_losses(logits: Tensor, pieces: Tensor) -> Tensor:
    """Cross-entropy in nats of pieces (...) by logits (..., V)."""
    flat = F.cross_entropy(logits.flatten(0, -2), pieces.flatten(), reduction="none")
    return flat.view_as(pieces)


def likeliest(logits: Tensor) -> Tensor:
    """The piece (...) with the largest of logits (..., V)."""
    # In bfloat16 argmax takes four times as long on a CPU.
    return logits.detach().max(-1).indices


def total(losses: Tensor, counted: Tensor) -> Tensor:
    """The sum over the positions that count: all that is no padding, or what was drawn.

    What does not count may be infinite: a special piece at a slot that is not used.
    """
    return torch.where(counted, losses, 0.0).sum()
