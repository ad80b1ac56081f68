"""Tensors that lie spread over several processes: made whole, and spread again."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.distributed.tensor import DTensor, Replicate, distribute_tensor


def full(tensor: Any) -> Any:
    """Return a tensor whole, gathered where it is spread. Every process calls this."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def spread(value: Any, parameter: Tensor) -> Any:
    """Return a whole tensor of an optimizer's state, spread as the parameter is."""
    if not isinstance(value, Tensor) or not isinstance(parameter, DTensor):
        return value.to(parameter.device) if isinstance(value, Tensor) else value
    alike = value.shape == parameter.shape
    placements = parameter.placements if alike else [Replicate()] * parameter.device_mesh.ndim
    return distribute_tensor(value.to(parameter.device), parameter.device_mesh, placements)
