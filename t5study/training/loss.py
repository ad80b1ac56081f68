"""The training loss: cross-entropy with a z-loss over real target tokens."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

Z_LOSS = 1e-4
"""The released code's weight of log(Z)^2."""


def cross_entropy(logits: Tensor, targets: Tensor, z_loss: float = Z_LOSS) -> tuple[Tensor, Tensor]:
    """Summed cross-entropy plus z_loss * log(Z)^2, and the summed cross-entropy alone.

    logits: (N, V) at N real target positions; targets: (N,). Both sums are in nats.
    """
    logits = logits.float()
    nats = functional.cross_entropy(logits, targets, reduction="none")
    # The fused kernel above has summed the exponentials already: log(Z) is what it subtracted.
    log_z = nats + logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    total = nats.sum()
    return total + z_loss * log_z.square().sum(), total
