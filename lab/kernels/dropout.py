"""Dropout whose masks are drawn apart from what they are applied to.

Letters: B batch, T positions, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lab.kernels.operations import operations


class Dropout(nn.Module):
    """Dropout of a share `rate`, whose masks fused kernels can take too.

    `form` is "broadcast" (one mask for all positions of a sequence) or "elementwise".
    """

    def __init__(self, rate: float, form: str = "elementwise") -> None:
        super().__init__()
        self.keep = 1.0 - rate
        self.scale = 1.0 / self.keep
        self.broadcast = form == "broadcast"

    @property
    def active(self) -> bool:
        """Whether anything is dropped now."""
        return self.training and self.keep < 1.0

    def mask(
        self, like: Tensor, *shape: int, positions: int = -2, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Ones and zeros of `shape`, one for all entries along the dimension of positions."""
        sizes = list(shape)
        if self.broadcast:
            sizes[positions] = 1
        return operations(like).bernoulli(sizes, self.keep, dtype, like.device)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        if not self.active:
            return x
        return x * self.mask(x, *x.shape).mul_(self.scale)

    def add(self, residual: Tensor, x: Tensor) -> Tensor:
        """residual + dropout(x), (B, T, D)."""
        if not self.active:
            return residual + x
        return torch.addcmul(residual, x, self.mask(x, *x.shape), value=self.scale)
