"""Optimizers, a file each: its name is the file's, and it is what the file calls `optimizer`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from lab.errors import StudyError, unknown
from lab.named import modules_of


def optimizer_names() -> list[str]:
    """The known optimizers, sorted."""
    return sorted(_known())


def get_optimizer(name: str, parameters: Iterable[Any], **settings: Any) -> torch.optim.Optimizer:
    """The optimizer of this name over parameters, or groups of them. Raises StudyError."""
    known = _known()
    if name not in known:
        raise StudyError(unknown("optimizer", name, known))
    made: torch.optim.Optimizer = known[name](parameters, **settings)
    return made


def _known() -> dict[str, Any]:
    return {m.__name__.rpartition(".")[2]: m.optimizer for m in modules_of(__name__)}
