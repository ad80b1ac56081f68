"""Adapter layers: small feed-forward networks after each feed-forward sub-layer (3.5.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from lab.errors import ModelError
from lab.text_to_text.initialization import initialize
from lab.text_to_text.layers import Adapter


def add_adapters(model: Any, width: int) -> None:
    """Give every block of a model an adapter of inner width `width`, close to the identity.

    Their parameters' names contain "adapter". Raises ModelError where there are adapters already.
    """
    if model.config.adapter_width:
        raise ModelError(f"this model has adapters of width {model.config.adapter_width} already")
    config = replace(model.config, adapter_width=width)
    device = model.embedding.device
    for block in dict.fromkeys(block for group in model.blocks() for block in group):
        with torch.device(device):
            block.adapter = Adapter(config)
        initialize(block.adapter, config)
    model.config = config


def is_adapter(parameter_name: str) -> bool:
    """Whether a parameter of this name belongs to an adapter, its norm included."""
    return ".adapter." in parameter_name


def is_norm(parameter_name: str) -> bool:
    """Whether a parameter of this name is the scale of a layer normalization."""
    return parameter_name.endswith("norm.weight")
