"""Encoders before any tag: each objective learns, and each kind of encoder is what it says."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from small_text import PIECES, written
from stage_context import Context
from trained import losses

from lab.encoder.config import EncoderConfig
from lab.encoder.initialization import initialize
from studies.gector.encoders import build, kinds
from studies.gector.model import load_encoder
from studies.gector.objectives import objective_names
from studies.gector.training import pretrain

SHAPE = EncoderConfig(
    vocabulary=PIECES, width=32, layers=2, heads=2, feed_forward=64, embedding=32, positions=32,
    dropout=0.0, attention_dropout=0.0, initializer_range=None,
)  # fmt: skip


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return written(tmp_path_factory.mktemp("text"), lines=20)


def run(folder: Path, text: SimpleNamespace, **changes: Any) -> Path:
    """Pre-train a tiny encoder, and give the folder of what is published."""
    config = {
        "kind": "transformer",
        "encoder": asdict(SHAPE),
        "objective": "masked",
        "generator": 0.5,
        "masking_rate": 0.15,
        "rows": {"longest": 24, "seed": 0},
        "batch_size": 32,
        "steps": 200,
        "keep": [],
        "rate": 1e-2,
        "warmup": 10,
        "weight_decay": 0.01,
        "clip": 1.0,
        "seed": 0,
        "precision": "32-true",
        **changes,
    }
    out = folder / "out"
    out.mkdir()
    read = {"vocabulary": text.vocabulary, "lines": text.lines}
    pretrain.run(config, read, out, Context(folder / "work"))
    return out


@pytest.mark.parametrize("objective", objective_names())
def test_each_objective_learns_what_words_say(
    tmp_path: Path, text: SimpleNamespace, objective: str
) -> None:
    """Each word says which one follows: the loss falls well below that of frequencies."""
    kind = "causal" if objective == "next_piece" else "transformer"
    out = run(tmp_path, text, objective=objective, kind=kind)
    found = losses(out)
    assert found[-1] < 0.7 * found[0], found
    encoder = load_encoder(out / "encoder.pt", kind)
    assert encoder.config == SHAPE


def vectors(kind: str, tokens: torch.Tensor, real: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Of an encoder that is drawn by one seed."""
    torch.manual_seed(0)
    encoder = build(kind, SHAPE)
    initialize(encoder, None)
    with torch.no_grad():
        return encoder.eval()(tokens, segments=real, at=at)


@pytest.mark.parametrize("kind", kinds())
def test_what_a_position_sees(kind: str) -> None:
    """A causal encoder sees nothing to the right, the others do; padding is never seen."""
    tokens = torch.tensor([[4, 5, 6, 7, 0, 0], [4, 5, 6, 7, 8, 9]])
    real = (tokens != 0).long()
    at = torch.tensor([[0, 2], [0, 2]])
    found = vectors(kind, tokens, real, at)
    assert found.shape == (2, 2, SHAPE.width)
    alone = vectors(kind, tokens[:1, :4], real[:1, :4], at[:1])
    assert torch.allclose(found[:1], alone, atol=1e-5)
    other = tokens.clone()
    other[1, 5] = 12
    same = torch.allclose(vectors(kind, other, real, at)[1], found[1], atol=1e-6)
    assert same == (kind == "causal")
