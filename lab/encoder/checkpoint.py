"""Encoders on disk: weights with the shape that builds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.training import checkpoint


def save_encoder(path: Path, encoder: Encoder, weights: Mapping[str, Any] | None = None) -> None:
    """Write an encoder and its tables, without any head.

    `weights` by the encoder's own names, where they are spread over several processes.
    """
    checkpoint.save(path, encoder, asdict(encoder.config), weights)


def load_encoder(path: Path, *, device: str = "cpu") -> Encoder:
    """The encoder that `save_encoder` wrote, with tables of its own."""
    encoder, _ = checkpoint.load(
        path, lambda settings: Encoder(EncoderConfig(**settings)), device=device
    )
    return encoder
