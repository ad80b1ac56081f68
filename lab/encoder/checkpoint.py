"""Encoders on disk: weights with the shape that builds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.heads import Pooler
from lab.training import checkpoint

POOLER = "pooler.pt"


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


def save_pooler(folder: Path, pooler: Pooler) -> None:
    """Write the pooler that goes with the encoder in a folder."""
    checkpoint.save(folder / POOLER, pooler, {})


def pooler_weights(folder: Path, networks: str) -> dict[str, Any] | None:
    """The weights of the pooler that a stage published in a folder; None where it has none.

    They are in a file of their own, or among those of all the `networks` of a pre-training.
    """
    if (folder / POOLER).is_file():
        return dict(checkpoint.read(folder / POOLER)["weights"])
    if not (folder / networks).is_file():
        return None
    weights = checkpoint.read(folder / networks)["weights"]
    found = {
        name.removeprefix("pooler."): value
        for name, value in weights.items()
        if name.startswith("pooler.")
    }
    return found or None
