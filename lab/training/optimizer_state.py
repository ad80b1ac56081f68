"""An optimizer's state by the names of its parameters, so that another training goes on from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.optim import Optimizer

from lab.training.sharding import full, spread


def named_state(optimizer: Any, model: nn.Module) -> dict[str, Any]:
    """The state of each parameter by its name in the model, whole. Every process calls it."""
    names = {id(p): name for name, p in model.named_parameters()}
    return {
        names[id(p)]: {name: full(value) for name, value in state.items()}
        for p, state in optimizer.state.items()
    }


def carry_over(optimizer: Optimizer, model: nn.Module, state: Mapping[str, Any]) -> None:
    """Moments and step counters go on from an earlier training; new parameters start afresh."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and name in state:
            optimizer.state[parameter] = {k: spread(v, parameter) for k, v in state[name].items()}
