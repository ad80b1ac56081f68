"""How far each layer moves its input, also where layers are one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_albert import ENCODER, configuration
from stage_context import Context

from lab.encoder.config import SHARING
from lab.encoder.encoder import Encoder
from lab.encoder.initialization import initialize
from lab.kernels.operations import operations
from studies.albert.training import layers


@pytest.mark.parametrize("sharing", sorted(SHARING))
def test_moves_are_those_of_each_layer(sharing: str) -> None:
    """Layer by layer by hand, over real positions alone, in batches of unequal size."""
    torch.manual_seed(0)
    encoder = Encoder(replace(ENCODER, layers=3, sharing=sharing))
    initialize(encoder, deviation=0.1)
    encoder.eval()
    tokens = torch.randint(5, 20, (5, 12))
    real = torch.ones(5, 12, dtype=torch.long)
    real[3, 7:] = 0
    types = torch.zeros_like(tokens)
    parts = [
        {"tokens": tokens[at], "types": types[at], "real": real[at]}
        for at in (slice(0, 2), slice(2, 5))
    ]
    distances, angles = layers.moves(encoder, parts)
    with torch.no_grad():
        x = encoder.embeddings(tokens, None, types)
        x = x if encoder.map is None else encoder.map(x)
        mask = operations(x).together(real, real)
        kept = real.bool()
        for layer, (attention, feed_forward) in enumerate(encoder.config.parts):
            before = x
            x = encoder.feed_forwards[feed_forward](encoder.attentions[attention](x, mask))
            length = (x - before)[kept].norm(dim=-1).mean()
            dot = (x * before).sum(-1) / (x.norm(dim=-1) * before.norm(dim=-1))
            turned = torch.rad2deg(torch.arccos(dot[kept].clamp(-1, 1))).mean()
            assert distances[layer] == pytest.approx(float(length), rel=1e-4)
            assert angles[layer] == pytest.approx(float(turned), rel=1e-3)
    assert not encoder.attentions[0]._forward_pre_hooks


def test_steps_are_of_two_layers_or_more() -> None:
    assert layers.summary("angle", np.array([30.0, 20.0, 25.0])) == {
        "angle_1": 30.0,
        "angle_2": 20.0,
        "angle_3": 25.0,
        "angle_least": 20.0,
        "angle_step": 7.5,
    }
    assert layers.summary("angle", np.array([30.0])) == {"angle_1": 30.0, "angle_least": 30.0}


def test_the_stage_measures_a_finished_pretraining(
    train: Callable[..., Path], data: SimpleNamespace
) -> None:
    settings = configuration(steps=1)
    pretrained = train(settings, "run")
    out = pretrained.parent / "layers"
    out.mkdir()
    inputs = {"pretrain": pretrained, "vocabulary": data.vocabulary, "lines": data.lines}
    config = {"examples": 20, "seed": 0, "rows": settings["rows"]}
    layers.run(config, inputs, out, Context(pretrained.parent / "work"))
    scores = json.loads((out / "scores.json").read_text())["layers"]
    names = {f"{a}_{b}" for a in ("distance", "angle") for b in ("1", "2", "least", "step")}
    assert scores.keys() == names
    assert scores["distance_step"] == pytest.approx(
        abs(scores["distance_1"] - scores["distance_2"])
    )
    assert 0.0 < scores["angle_least"] <= min(scores["angle_1"], scores["angle_2"]) < 180.0
