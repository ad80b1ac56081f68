"""Text-to-text models on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from lab.text_to_text.config import ModelConfig
from lab.text_to_text.transformer import EncoderDecoder, LanguageModel, from_config
from lab.training import checkpoint


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
    """Write the model's weights, its settings and what else belongs to it (lab.training)."""
    checkpoint.save(path, model, asdict(model.config), weights, **extra)


def load(path: Path, *, device: str) -> tuple[EncoderDecoder | LanguageModel, dict[str, Any]]:
    """The model that `save` wrote, and what was written with it."""
    return checkpoint.load(path, lambda found: build(found, seed=0, device=device), device=device)
