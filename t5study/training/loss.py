"""The training loss: cross-entropy with a z-loss over real target tokens."""

from __future__ import annotations

from torch import Tensor

Z_LOSS = 1e-4
"""The released code's weight of log(Z)^2."""


def cross_entropy(logits: Tensor, targets: Tensor, z_loss: float = Z_LOSS) -> tuple[Tensor, Tensor]:
    """Summed cross-entropy plus z_loss * log(Z)^2, and the summed cross-entropy alone.

    logits: (N, V) at N real target positions; targets: (N,). Both sums are in nats.
    """
    logits = logits.float()
    log_z = logits.logsumexp(-1)
    nats = (log_z - logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1)).sum()
    return nats + z_loss * log_z.square().sum(), nats
