"""AdaFactor as the study ran it (section 3.1.2; Shazeer and Stern, 2018)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


class Adafactor(torch.optim.Optimizer):
    """AdaFactor without a first moment, with updates clipped and scaled by the parameter.

    The second moment decays with 1 - (t + 1)^-0.8, is factored over a parameter's two largest
    dimensions when the smaller has at least `factor_from` entries, and the update is clipped at a
    root mean square of 1 and scaled by max(RMS(parameter), 1e-3).
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        *,
        eps_square: float = 1e-30,
        eps_scale: float = 1e-3,
        clip: float = 1.0,
        decay: float = 0.8,
        factor_from: int = 128,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "eps_square": eps_square,
                "eps_scale": eps_scale,
                "clip": clip,
                "decay": decay,
                "factor_from": factor_from,
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

    def _update(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        gradients = [p.grad.float() for p in parameters if p.grad is not None]
        squares = torch._foreach_mul(gradients, gradients)
        torch._foreach_add_(squares, group["eps_square"])
        for parameter, gradient, square in zip(parameters, gradients, squares, strict=True):
            state = self.state[parameter]
            if not state:
                self._start(state, square, group["factor_from"])
            beta = second_moment_decay(state["step"], group["decay"])
            state["step"] += 1
            gradient.mul_(self._inverse_root(state, square, beta))
        clipped = [
            torch.clamp(_rms(update, norm) / group["clip"], min=1.0)
            for update, norm in zip(gradients, torch._foreach_norm(gradients), strict=True)
        ]
        scales = [
            group["lr"] * torch.clamp(_rms(p, norm), min=group["eps_scale"])
            for p, norm in zip(
                parameters, torch._foreach_norm([p.float() for p in parameters]), strict=True
            )
        ]
        torch._foreach_mul_(gradients, [-s / c for s, c in zip(scales, clipped, strict=True)])
        torch._foreach_add_(parameters, gradients)

    @staticmethod
    def _start(state: dict[str, Any], square: Tensor, factor_from: int) -> None:
        state["step"] = 0
        dims = factored_dims(square.shape, factor_from)
        if dims is None:
            state["second_moment"] = torch.zeros_like(square)
        else:
            larger, smaller = dims
            state["second_moment_row"] = torch.zeros_like(square.mean(larger))
            state["second_moment_column"] = torch.zeros_like(square.mean(smaller))
            state["dims"] = (larger, smaller)

    @staticmethod
    def _inverse_root(state: dict[str, Any], square: Tensor, beta: float) -> Tensor:
        """1 / sqrt of the (reconstructed) second moment after this step's squares."""
        if "second_moment" in state:
            return state["second_moment"].lerp_(square, 1.0 - beta).rsqrt()
        larger, smaller = state["dims"]
        row = state["second_moment_row"].lerp_(square.mean(larger), 1.0 - beta)
        column = state["second_moment_column"].lerp_(square.mean(smaller), 1.0 - beta)
        over = smaller - 1 if larger < smaller else smaller
        row_factor = (row / row.mean(over, keepdim=True)).rsqrt().unsqueeze(larger)
        return row_factor * column.rsqrt().unsqueeze(smaller)


def second_moment_decay(step: int, decay: float = 0.8) -> float:
    """The share of the past squares that a step keeps, steps counted from 0."""
    return 1.0 - (float(step) + 1.0) ** -decay


def factored_dims(shape: torch.Size, factor_from: int) -> tuple[int, int] | None:
    """The two largest dimensions (largest first), or None where the smaller is too small."""
    if len(shape) < 2:
        return None
    order = sorted(range(len(shape)), key=lambda d: shape[d])
    larger, smaller = order[-1], order[-2]
    return None if shape[smaller] < factor_from else (larger, smaller)


def _rms(tensor: Tensor, norm: Tensor) -> Tensor:
    return norm / tensor.numel() ** 0.5
