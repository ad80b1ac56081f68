"""Adapter layers: small feed-forward networks after each feed-forward sub-layer (3.5.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from t5study.model.config import ModelConfig, ModelError
from t5study.model.layers import Dropout, FeedForward, RMSNorm


class Adapter(nn.Module):
    """x + dropout(dense(relu(dense(norm(x))))) with an inner width of its own."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        inner = replace(config, d_ff=config.adapter_width, feed_forward="relu")
        self.norm = RMSNorm(config.d_model, config.layer_norm_epsilon)
        self.feed_forward = FeedForward(inner)
        self.dropout = Dropout(config)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        return self.dropout.add(x, self.feed_forward(self.norm(x)))


def add_adapters(model: Any, width: int) -> None:
    """Give every block of a model an adapter of inner width `width`, close to the identity.

    Their parameters' names contain "adapter". Raises ModelError where there are adapters already.
    """
    from t5study.model.initialization import initialize

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
