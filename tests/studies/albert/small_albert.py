"""A shape for the small corpus, and the settings of pre-trainings of a second or two."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from small_text import PIECES

from lab.encoder.config import EncoderConfig
from studies.albert.masking import Masking
from studies.albert.sentence_losses import get_sentence_loss

ENCODER = EncoderConfig(
    vocabulary=PIECES,
    width=16,
    layers=2,
    heads=2,
    feed_forward=32,
    embedding=8,
    positions=32,
    activation="gelu_tanh",
    sharing="all",
    attention_dropout=0.0,
)


def configuration(sentence_loss: str = "sop", **changed: Any) -> dict[str, Any]:
    """Of a pre-training stage."""
    return {
        "sentence_loss": asdict(get_sentence_loss(sentence_loss)),
        "masking": asdict(Masking()),
        "encoder": asdict(ENCODER),
        "rows": {"longest": 32, "short": 0.1, "singles": "split", "passes": 2, "seed": 0},
        "batch_size": 8,
        "steps": 12,
        "rate": 3e-3,
        "warmup": 2,
        "weight_decay": 0.01,
        "clip": 1.0,
        "keep": [],
        "seed": 3,
        "precision": "32-true",
    } | changed
