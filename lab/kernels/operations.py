"""Which operations compute on a tensor's device."""

from __future__ import annotations

from types import ModuleType

from torch import Tensor

from lab.kernels import cpu, flex, plain

OPERATIONS: dict[str, ModuleType] = {"cpu": cpu, "cuda": flex}
"""Device type -> its fast operations; other devices compute the plain formulas."""


def operations(x: Tensor) -> ModuleType:
    """The module whose functions compute on the device of `x`."""
    return OPERATIONS.get(x.device.type, plain)
