"""A small corpus whose words say which one follows, and pre-trainings on it of a second or two."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lab.encoder.config import EncoderConfig
from studies.albert.masking import Masking
from studies.albert.sentence_losses import get_sentence_loss

WORDS = "a b c d e f g h i j k l m n o".split()
ENCODER = EncoderConfig(
    vocabulary=36,
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


class Context:
    """What an orchestrator gives."""

    def __init__(self, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.earlier = work, ()
        self.device, self.threads, self.ranks = "cpu", 1, None
        self.execution: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}

    def progress(self, step: int, total: int, **numbers: float) -> None:
        """Nobody watches."""

    def should_stop(self) -> bool:
        return False

    def assert_owned(self) -> None:
        """Always ours."""

    def record(self, **facts: Any) -> None:
        self.facts |= facts


def sentences(rng: np.random.Generator) -> list[str]:
    """Lines of a document: each word is followed by the third one behind it."""
    starts = rng.integers(len(WORDS), size=6)
    return [" ".join(WORDS[(s + 3 * n) % len(WORDS)] for n in range(6)) for s in starts]


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
