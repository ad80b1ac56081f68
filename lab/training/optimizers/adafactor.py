"""AdaFactor as the study ran it (section 3.1.2; Shazeer and Stern, 2018)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor

from lab.training.grouped import GroupedOptimizer

STACKED = 1 << 26
"""Entries of parameters that are updated together: stacking copies them, a quarter of a gigabyte
at most, where all of a large model's would double its memory."""


class Adafactor(GroupedOptimizer):
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

    def _update(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        """Parameters of one shape and age are updated as stacked tensors (N, *shape)."""
        alike: dict[Any, list[Tensor]] = {}
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                _start(state, parameter, group["factor_from"])
            # One that is spread over processes stays alone.
            alone = id(parameter) if isinstance(parameter, DTensor) else None
            kind = (parameter.shape, parameter.dtype, state["step"], alone)
            alike.setdefault(kind, []).append(parameter)
        for shape, step, members in _pieces(alike):
            states = [self.state[parameter] for parameter in members]
            beta = second_moment_decay(step, group["decay"])
            update = _stacked([p.grad.float() for p in members if p.grad is not None])
            square = update.square().add_(group["eps_square"])
            update = update * _inverse_root(states, square, beta)
            size = shape.numel() ** -0.5
            clipped = (_norms(update) * (size / group["clip"])).clamp(min=1.0)
            scale = _norms(_stacked([p.float() for p in members])) * size
            factor = scale.clamp(min=group["eps_scale"]) * -group["lr"] / clipped
            update = update * factor.view(-1, *[1] * len(shape))
            torch._foreach_add_(members, list(update.unbind()))
            for state in states:
                state["step"] += 1


def _pieces(alike: dict[Any, list[Tensor]]) -> Iterator[tuple[torch.Size, int, list[Tensor]]]:
    """(shape, age, parameters of both), of no more entries together than are stacked at once."""
    for (shape, _, step, _), members in alike.items():
        count = max(1, STACKED // max(1, shape.numel()))
        for first in range(0, len(members), count):
            yield shape, step, members[first : first + count]


def _start(state: dict[str, Any], parameter: Tensor, factor_from: int) -> None:
    state["step"] = 0
    zeros = torch.zeros_like(parameter, dtype=torch.float32)
    dims = factored_dims(parameter.shape, factor_from)
    if dims is None:
        state["second_moment"] = zeros
    else:
        larger, smaller = dims
        state["second_moment_row"] = torch.zeros_like(zeros.mean(larger))
        state["second_moment_column"] = torch.zeros_like(zeros.mean(smaller))
        state["dims"] = (larger, smaller)


def _inverse_root(states: list[dict[str, Any]], square: Tensor, beta: float) -> Tensor:
    """1 / sqrt of the (reconstructed) second moments after this step's squares (N, *shape)."""
    if "second_moment" in states[0]:
        return _decayed(states, "second_moment", square, beta).rsqrt()
    larger, smaller = (dim + 1 for dim in states[0]["dims"])
    row = _decayed(states, "second_moment_row", square.mean(larger), beta)
    column = _decayed(states, "second_moment_column", square.mean(smaller), beta)
    over = smaller - 1 if larger < smaller else smaller
    row_factor = (row / row.mean(over, keepdim=True)).rsqrt().unsqueeze(larger)
    return row_factor * column.rsqrt().unsqueeze(smaller)


def _decayed(states: list[dict[str, Any]], name: str, square: Tensor, beta: float) -> Tensor:
    """The moments of this name, stacked, after they took in `square`; the states keep them."""
    kept = [state[name] for state in states]
    torch._foreach_lerp_(kept, list(square.unbind()), 1.0 - beta)
    return _stacked(kept)


def _stacked(tensors: list[Tensor]) -> Tensor:
    """Tensors of one shape as one (N, *shape); a single one without a copy."""
    return tensors[0].unsqueeze(0) if len(tensors) == 1 else torch.stack(tensors)


def _norms(stacked: Tensor) -> Tensor:
    """The Euclidean norm of each of (N, *shape), as (N,)."""
    if isinstance(stacked, DTensor):
        # Rows that the processes hold unevenly many of cannot be flattened.
        return torch.linalg.vector_norm(stacked, dim=tuple(range(1, stacked.ndim)))
    return torch.linalg.vector_norm(stacked.flatten(1), dim=1)


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


optimizer = Adafactor
