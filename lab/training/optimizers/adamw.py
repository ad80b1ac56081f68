"""Adam with decoupled weight decay, in the form that BERT was released with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.optim.adamw import adamw

from lab.training.grouped import GroupedOptimizer

OLD = 2.0**40
"""Updates after which 1 - beta^updates is 1 in every precision, for any beta that is used."""


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
        low, high = group["betas"]
        # One pass over memory. What corrects the bias is 1 for a parameter as old as that.
        old = torch.full((), OLD, device=parameters[0].device)
        adamw(
            parameters,
            gradients,
            [state["first"] for state in states],
            [state["second"] for state in states],
            [],
            [old] * len(parameters),
            fused=True,
            amsgrad=False,
            beta1=low,
            beta2=high,
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )


optimizer = AdamW
