"""LAMB: Adam's update, as long as the weights that it changes (You et al. 2020, algorithm 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor, Replicate

from lab.training.grouped import GroupedOptimizer


class Lamb(GroupedOptimizer):
    """LAMB without bias correction and without bounds on the ratio, as Lan et al. (2020) ran it.

    u = m / (sqrt(v) + eps) + decay w, and w -= rate |w| / |u| u; the ratio is 1 where a norm is 0.
    A parameter group may have a `weight_decay` and an `lr` of its own, no ratio
    (`trust_ratio=False`), or a ratio for each of so many `parts` that lie behind one another along
    a parameter's first dimension.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
        trust_ratio: bool = True,
        parts: int = 1,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "trust_ratio": trust_ratio,
                "parts": parts,
            },
        )

    def _update(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        states = [self.state[p] for p in parameters]
        for state, p in zip(states, parameters, strict=True):
            if not state:
                state["first"], state["second"] = torch.zeros_like(p), torch.zeros_like(p)
        gradients = [p.grad for p in parameters if p.grad is not None]
        first, second = ([state[name] for state in states] for name in ("first", "second"))
        low, high = group["betas"]
        torch._foreach_lerp_(first, gradients, 1.0 - low)
        torch._foreach_mul_(second, high)
        torch._foreach_addcmul_(second, gradients, gradients, 1.0 - high)
        roots = torch._foreach_sqrt(second)
        torch._foreach_add_(roots, group["eps"])
        updates = torch._foreach_div(first, roots)
        if group["weight_decay"]:
            torch._foreach_add_(updates, parameters, alpha=group["weight_decay"])
        if group["trust_ratio"]:
            parts = group["parts"]
            for update, p in zip(updates, parameters, strict=True):
                scale(update, trust_ratios(p, update, parts))
        torch._foreach_add_(parameters, updates, alpha=-group["lr"])


def trust_ratios(weights: Tensor, update: Tensor, parts: int = 1) -> Tensor:
    """|w| / |u| of each part (parts,), and 1 where either norm is 0.

    Of tensors that are spread over processes each of them has all ratios of the whole ones.
    """
    of_weights, of_update = _norms(weights, parts), _norms(update, parts)
    there = (of_weights > 0) & (of_update > 0)
    return torch.where(there, of_weights / of_update, 1.0)


def _norms(tensor: Tensor, parts: int) -> Tensor:
    norms = [part.norm() for part in tensor.chunk(parts)]
    return torch.stack([n.full_tensor() if isinstance(n, DTensor) else n for n in norms])


def scale(update: Tensor, ratios: Tensor) -> None:
    """Multiply each part of an update by its ratio (parts,)."""
    rows = ratios.repeat_interleave(len(update) // len(ratios)).view(-1, *[1] * (update.ndim - 1))
    if isinstance(update, DTensor):
        # Parts of a spread tensor are copies: it is scaled as one, by what each row is scaled by.
        mesh = update.device_mesh
        rows = DTensor.from_local(rows, mesh, [Replicate()] * mesh.ndim)
    update.mul_(rows)


optimizer = Lamb
