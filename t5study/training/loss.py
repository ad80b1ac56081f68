"""The training loss: cross-entropy with a z-loss over real target tokens."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

Z_LOSS = 1e-4
"""The released code's weight of log(Z)^2."""


def cross_entropy(logits: Tensor, targets: Tensor, z_loss: float = Z_LOSS) -> tuple[Tensor, Tensor]:
    """Summed cross-entropy plus z_loss * log(Z)^2, and the summed cross-entropy alone.

    logits: (N, V) at N real target positions; targets: (N,). Both sums are in nats, float32; only
    the first has a gradient.
    """
    total, nats = _CrossEntropy.apply(logits, targets, z_loss)
    return total, nats


class _CrossEntropy(torch.autograd.Function):
    """One pass over the vocabulary forward and one backward, in place of one for each operation."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, z_loss: float) -> tuple[Tensor, Tensor]:
        probabilities = logits.softmax(-1, dtype=torch.float32)
        # The largest probability is exp(largest logit) / Z, which gives Z without another sum.
        log_z = logits.amax(-1).float() - probabilities.amax(-1).log()
        chosen = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1).float()
        nats = (log_z - chosen).sum()
        ctx.save_for_backward(probabilities, targets, log_z)
        ctx.z_loss, ctx.dtype = z_loss, logits.dtype
        ctx.mark_non_differentiable(nats)
        return nats + z_loss * log_z.square().sum(), nats

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor, None, None]:
        probabilities, targets, log_z = ctx.saved_tensors
        scale = (1.0 + 2.0 * ctx.z_loss * log_z) * gradient
        result = probabilities * scale.unsqueeze(-1)
        places = targets.unsqueeze(-1)
        result.scatter_add_(-1, places, -gradient.expand(places.shape))
        return result.to(ctx.dtype), None, None
