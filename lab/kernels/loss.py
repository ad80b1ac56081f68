"""The training loss: cross-entropy with a z-loss over real target tokens.

Letters: N positions, D d_model, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from lab.kernels.operations import operations

Z_LOSS = 1e-4
"""The released code's weight of log(Z)^2."""

CHUNK = {"cpu": 1 << 22, "cuda": 1 << 27}
"""Logits that are worked on at once, by device type: what a cache holds, or half a gigabyte."""


def cross_entropy(
    logits: Tensor, targets: Tensor, z_loss: float = Z_LOSS, weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Summed cross-entropy plus z_loss * log(Z)^2, and the summed cross-entropy alone.

    logits: (N, V); targets: (N,); weights (N,) of the positions, 1 by default. Both sums are in
    nats.
    """
    log_z = logits.float().logsumexp(-1)
    nats = log_z - logits.float().gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    loss = nats + z_loss * log_z.square()
    if weights is not None:
        nats, loss = nats * weights, loss * weights
    return loss.sum(), nats.sum().detach()


def output_cross_entropy(
    features: Tensor,
    matrix: Tensor,
    targets: Tensor,
    z_loss: float = Z_LOSS,
    weights: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`cross_entropy` of the logits features (N, D) matrix (V, D)^T, which are never all there.

    The gradients are worked out with the loss, some rows at a time, while their logits are at hand.
    """
    dtype = operations(features).compute_dtype(features)
    most = max(1, CHUNK.get(features.device.type, CHUNK["cuda"]) // len(matrix))
    # Parts of one size, as far as that goes.
    rows = -(-len(features) // max(1, -(-len(features) // most)))
    total, nats = _OutputCrossEntropy.apply(features, matrix, targets, weights, z_loss, dtype, rows)
    return total, nats


class _OutputCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        matrix: Tensor,
        targets: Tensor,
        weights: Tensor | None,
        z_loss: float,
        dtype: torch.dtype,
        rows: int,
    ) -> tuple[Tensor, Tensor]:
        run = operations(features)
        precise = torch.promote_types(dtype, torch.float32)
        x, output = features.to(dtype), matrix.to(dtype)
        wanted = ctx.needs_input_grad[:2]
        to_x = torch.empty_like(x) if wanted[0] else None
        # Transposed, so that of its products' two sides the small one is copied.
        to_output = output.new_zeros(output.t().shape, dtype=precise) if wanted[1] else None
        total = nats = torch.zeros((), dtype=precise, device=x.device)
        for first in range(0, len(x), rows):
            chunk = slice(first, first + rows)
            places = targets[chunk].unsqueeze(-1)
            logits = run.product(x[chunk], output).to(precise)
            probabilities = logits.softmax(-1)
            log_z = run.log_partition(logits, probabilities, places)
            weight = (
                torch.ones_like(log_z)
                if weights is None
                else weights[chunk].unsqueeze(-1).to(precise)
            )
            nats_of_part = (log_z - logits.gather(-1, places)) * weight
            nats = nats + nats_of_part.sum()
            total = total + nats_of_part.sum() + z_loss * (log_z.square() * weight).sum()
            if not any(wanted):
                continue
            gradient = probabilities.mul_((1.0 + 2.0 * z_loss * log_z) * weight)
            gradient = gradient.scatter_add_(-1, places, -weight).to(dtype)
            if to_x is not None:
                to_x[chunk] = run.product(gradient, output.t())
            if to_output is not None:
                to_output += run.product(x[chunk].t().contiguous(), gradient.t())
        if to_output is not None:
            to_output = to_output.t().contiguous()
        ctx.save_for_backward(to_x, to_output)
        ctx.dtypes = features.dtype, matrix.dtype
        ctx.mark_non_differentiable(nats)
        return total, nats

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        gradients = [
            None if found is None else (found * scale).to(dtype)
            for found, dtype in zip(ctx.saved_tensors, ctx.dtypes, strict=True)
        ]
        return (*gradients, None, None, None, None, None)
