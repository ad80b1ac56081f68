"""Adam with decoupled weight decay, in the form that BERT was released with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from lab.training.grouped import GroupedOptimizer


class AdamW(GroupedOptimizer):
    """Adam without bias correction, its epsilon outside of the root, decay times the rate.

    w -= rate (m / (sqrt(v) + eps) + decay w); torch's own always corrects the bias. A parameter
    group may have a `weight_decay` and, as a share of the common rate, an `lr` of its own.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
            },
        )

    def _update(self, parameters: list[torch.Tensor], group: dict[str, Any]) -> None:
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
        scale = torch._foreach_sqrt(second)
        torch._foreach_add_(scale, group["eps"])
        updates = torch._foreach_div(first, scale)
        if group["weight_decay"]:
            torch._foreach_add_(updates, parameters, alpha=group["weight_decay"])
        torch._foreach_add_(parameters, updates, alpha=-group["lr"])


optimizer = AdamW
