"""Adam with decoupled weight decay, in the form that BERT was released with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch


class AdamW(torch.optim.Optimizer):
    """Adam without bias correction, its epsilon outside of the root, decay times the rate.

    w -= rate (m / (sqrt(v) + eps) + decay w). A parameter group may have a `weight_decay` and, as
    a share of the common rate, an `lr` of its own.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
        bias_correction: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "bias_correction": bias_correction,
            },
        )

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One update of every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if parameters:
                self._update(parameters, group)
        return loss

    def _update(self, parameters: list[torch.Tensor], group: dict[str, Any]) -> None:
        states = [self.state[p] for p in parameters]
        for state, p in zip(states, parameters, strict=True):
            if not state:
                state["step"] = torch.zeros(())
                state["first"], state["second"] = torch.zeros_like(p), torch.zeros_like(p)
        gradients = [p.grad for p in parameters if p.grad is not None]
        first, second = ([state[name] for state in states] for name in ("first", "second"))
        steps = [state["step"] for state in states]
        low, high = group["betas"]
        torch._foreach_add_(steps, 1.0)
        torch._foreach_lerp_(first, gradients, 1.0 - low)
        torch._foreach_mul_(second, high)
        torch._foreach_addcmul_(second, gradients, gradients, 1.0 - high)
        scale = torch._foreach_sqrt(second)
        updates = list(first)
        if group["bias_correction"]:
            torch._foreach_div_(scale, [float(1.0 - high**step) ** 0.5 for step in steps])
            updates = list(torch._foreach_div(first, [float(1.0 - low**step) for step in steps]))
        torch._foreach_add_(scale, group["eps"])
        updates = list(torch._foreach_div(updates, scale))
        if group["weight_decay"]:
            torch._foreach_add_(updates, parameters, alpha=group["weight_decay"])
        torch._foreach_add_(parameters, updates, alpha=-group["lr"])


optimizer = AdamW
