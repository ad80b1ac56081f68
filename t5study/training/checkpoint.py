"""Models on disk: weights with the configuration that builds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from t5study.model.config import ModelConfig
from t5study.model.transformer import EncoderDecoder, LanguageModel, from_config


def build(settings: Mapping[str, Any], *, seed: int, device: str) -> EncoderDecoder | LanguageModel:
    """A freshly initialized model; the same seed gives the same parameters."""
    torch.manual_seed(seed)
    return from_config(ModelConfig(**settings)).to(device)


def save(
    path: Path,
    model: EncoderDecoder | LanguageModel,
    weights: Mapping[str, Any] | None = None,
    **extra: Any,
) -> None:
    """Write the model's weights, its settings and what else belongs to it.

    `weights` are given where the model's own are spread over several processes.
    """
    held = model.state_dict() if weights is None else weights
    torch.save({"config": asdict(model.config), "weights": held, **extra}, path)


def load(path: Path, *, device: str) -> tuple[EncoderDecoder | LanguageModel, dict[str, Any]]:
    """The model that `save` wrote, and what was written with it."""
    content = torch.load(path, map_location=device, weights_only=False)
    model = build(content["config"], seed=0, device=device)
    model.load_state_dict(content.pop("weights"))
    return model, content
