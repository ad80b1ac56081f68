"""Groups of parameters: rates that fall towards the input, and what has no weight decay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import nn

FUSED = {"inward.weight": 3}
"""Parameters that hold so many matrices: queries, keys and values."""
FORMS: Mapping[str, int] = {"released": 2, "meant": 1}
"""How many steps of decay the top layer is below the head. The release of Clark et al. (2020) has
one too many, a left-over of the pooler by its author's word; their numbers were made so."""
_LAYER = re.compile(r"(?:attentions|feed_forwards)\.(\d+)\.")


def rate_factor(depth: int, layers: int, decay: float, form: str = "released") -> float:
    """What the rate is multiplied by: depth 0 are the tables and their map, then the layers.

    The head of a task, at depth layers + 1, has the whole rate.
    """
    if depth == layers + 1:
        return 1.0
    return float(decay ** (layers + FORMS[form] - depth))


def depth_of(name: str, layers: int) -> int:
    """The depth of a parameter by its name in a model whose encoder is called `encoder`."""
    if not name.startswith("encoder."):
        return layers + 1
    layer = _LAYER.search(name)
    return int(layer.group(1)) + 1 if layer else 0


def decays(name: str) -> bool:
    """Whether weight decay acts on a parameter: not on norms nor on biases, as released."""
    return not name.endswith("bias") and ".norm." not in name


def parameter_groups(
    model: nn.Module,
    *,
    rate: float,
    weight_decay: float,
    layers: int,
    layer_decay: float = 1.0,
    form: str = "released",
) -> list[dict[str, Any]]:
    """A model's trainable parameters as an optimizer's groups, one a rate and decay.

    Each encoder layer has parameters of its own. The schedule of an optimizer multiplies each
    group's rate.
    """
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        factor = rate_factor(depth_of(name, layers), layers, layer_decay, form)
        own = rate * factor, weight_decay if decays(name) else 0.0
        group = groups.setdefault(own, {"params": [], "lr": own[0], "weight_decay": own[1]})
        group["params"].append(parameter)
    return list(groups.values())


def ratio_groups(model: nn.Module, *, rate: float, weight_decay: float) -> list[dict[str, Any]]:
    """A model's trainable parameters as groups of LAMB: norms and biases have no ratio either.

    Each matrix has a ratio of its own, as released by Lan et al. (2020), also where several are one
    parameter here.
    """
    groups: dict[tuple[bool, int], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        parts = next((n for ending, n in FUSED.items() if name.endswith(ending)), 1)
        own = decays(name), parts
        group = groups.setdefault(
            own,
            {
                "params": [],
                "lr": rate,
                "weight_decay": weight_decay if own[0] else 0.0,
                "trust_ratio": own[0],
                "parts": parts,
            },
        )
        group["params"].append(parameter)
    return list(groups.values())
