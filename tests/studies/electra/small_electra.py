"""Shapes of encoders for the small corpus, and the settings of pre-trainings of a second or two."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from small_text import PIECES

from lab.encoder.config import EncoderConfig
from studies.electra.objectives import get_objective

ENCODER = EncoderConfig(
    vocabulary=PIECES,
    width=16,
    layers=2,
    heads=2,
    feed_forward=32,
    embedding=8,
    positions=24,
)
LEARNING = replace(
    ENCODER, width=32, feed_forward=128, embedding=32, dropout=0.0, attention_dropout=0.0
)
"""Wide enough to learn the text in some hundred updates."""
GENERATOR = replace(ENCODER, width=8, heads=1, feed_forward=32)


def configuration(objective: str = "electra", **changed: Any) -> dict[str, Any]:
    """Of a pre-training stage."""
    chosen = get_objective(objective)
    config = {
        "objective": asdict(chosen),
        "encoder": asdict(ENCODER),
        "generator": None,
        "tying": None,
        "algorithm": None,
        "temperature": None,
        "masking_rate": 0.15,
        "masking_replacement": False,
        "rows": {"longest": 24, "segments": 2, "single": 0.1, "short": 0.05, "seed": 0},
        "batch_size": 8,
        "steps": 20,
        "rate": 3e-3,
        "warmup": 2,
        "weight_decay": 0.01,
        "clip": 1.0,
        "keep": [],
        "seed": 3,
        "precision": "32-true",
    }
    if chosen.generator:
        made = {"kind": "encoder", "encoder": asdict(GENERATOR)}
        config |= {
            "generator": made,
            "tying": "embeddings",
            "algorithm": "joint",
            "temperature": 1.0,
        }
    return config | changed
