"""Encoders before any tag: each objective learns, and each kind of encoder is what it says."""

from __future__ import annotations

import math
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
from lab.encoder.pretraining.weights import DISCRIMINATOR_WEIGHT
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
        "batch_size": 16,
        "steps": 10,
        "keep": [],
        "rate": 3e-3,
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


UNTRAINED = {
    "masked": math.log(PIECES),
    "next_piece": math.log(PIECES),
    "replaced": math.log(PIECES) + DISCRIMINATOR_WEIGHT * math.log(2.0),
}


@pytest.mark.parametrize("objective", objective_names())
def test_an_objective_begins_with_every_answer_alike(
    tmp_path: Path, text: SimpleNamespace, objective: str
) -> None:
    """The loss of networks that know nothing; what is published is the encoder alone."""
    kind = "causal" if objective == "next_piece" else "transformer"
    shape = {**asdict(SHAPE), "initializer_range": 0.001}
    out = run(tmp_path, text, objective=objective, kind=kind, encoder=shape, steps=10, rate=1e-9)
    assert losses(out)[0] == pytest.approx(UNTRAINED[objective], rel=0.01)
    assert asdict(load_encoder(out / "encoder.pt", kind).config) == shape


def test_a_causal_encoder_learns_which_word_follows(tmp_path: Path, text: SimpleNamespace) -> None:
    """Each word says the next one; but a third of the pieces begins a line, which nothing says."""
    out = run(tmp_path, text, objective="next_piece", kind="causal", steps=300)
    assert losses(out)[-1] < 1.5, losses(out)


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


def test_an_lstm_computes_in_float32_where_the_rest_does_not() -> None:
    """Its steps have as many shapes as rows of a batch, and code for each would be kept."""
    torch.manual_seed(3)
    lstm = build("lstm", SHAPE)
    tokens = torch.randint(1, PIECES, (5, 9))
    plain = lstm(tokens)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(lstm(tokens), plain)
