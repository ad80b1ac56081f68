"""A small corpus whose words say which one follows, and pre-trainings on it of a second or two."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lab.encoder.config import EncoderConfig
from lab.encoder.lines import HELD_OUT, TRAIN, LinesWriter
from lab.encoder.vocabulary import open_vocabulary
from lab.vocabulary import train_vocabulary
from studies.electra.objectives import get_objective

sys.path.insert(0, str(Path(__file__).parent))

WORDS = "a b c d e f g h i j k l m n o".split()
ENCODER = EncoderConfig(
    vocabulary=36,
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


def sentences(rng: np.random.Generator) -> list[str]:
    """Lines of a document: each word is followed by the third one behind it."""
    starts = rng.integers(len(WORDS), size=4)
    return [" ".join(WORDS[(s + 3 * n) % len(WORDS)] for n in range(6)) for s in starts]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Folders of a vocabulary stage and a lines stage, and the vocabulary."""
    root = tmp_path_factory.mktemp("electra")
    rng = np.random.default_rng(0)
    documents = [sentences(rng) for _ in range(80)]
    (root / "vocabulary").mkdir()
    train_vocabulary((line for one in documents for line in one), 33, root / "vocabulary")
    pieces = open_vocabulary(root / "vocabulary")
    assert pieces.size == ENCODER.vocabulary
    special = {"pad": pieces.pad, "cls": pieces.cls, "sep": pieces.sep}
    for part, own in ((TRAIN, documents[:60]), (HELD_OUT, documents[60:])):
        (root / "lines" / part).mkdir(parents=True)
        with LinesWriter(root / "lines" / part, pieces=pieces.size, special=special) as writer:
            for one in own:
                writer.add(pieces.encode_arrays(one))
            writer.finish()
    return SimpleNamespace(vocabulary=root / "vocabulary", lines=root / "lines", pieces=pieces)


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


@pytest.fixture
def train(tmp_path: Path, data: SimpleNamespace) -> Callable[..., Path]:
    """Pre-train to the end, interrupted after given numbers of steps; gives the folder."""
    from one_training import Context, Interrupted

    from studies.electra.training import pretrain

    def go(
        config: dict[str, Any],
        name: str,
        *,
        stops: tuple[int, ...] = (),
        masked: Path | None = None,
        **execution: Any,
    ) -> Path:
        inputs = {"vocabulary": data.vocabulary, "lines": data.lines}
        if masked:
            inputs["masked"] = masked
        out = tmp_path / name / "out"
        out.mkdir(parents=True)
        earlier: list[Path] = []
        for attempt, stop in enumerate((*stops, 0)):
            work = tmp_path / name / f"work{attempt}"
            context = Context(work, earlier=list(earlier), stop_at=stop)
            context.execution |= execution
            earlier.insert(0, work)
            if stop:
                with pytest.raises(Interrupted):
                    pretrain.run(config, inputs, out, context)
            else:
                pretrain.run(config, inputs, out, context)
        return out

    return go
