"""Oracle cases of the areas relpos, masks, model, decode and loss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from lab.kernels.loss import cross_entropy
from lab.kernels.masks import decoder_mask
from t5study.model import build_model, relative_position_bucket
from t5study.model.config import model_config
from t5study.model.flops import parameters
from t5study.model.generation import length_penalty

CASES = {
    case["case"]: case
    for case in json.loads(Path(__file__).with_name("cases").joinpath("model.json").read_text())
}

ARCHITECTURES = {
    "enc-dec 12+12": ("encoder_decoder",),
    "shared enc-dec (decoder stack only)": ("shared",),
    "6+6": ("half",),
    "LM/prefix-LM 12": ("language_model", "prefix_lm"),
}


def test_one_directional_buckets():
    """The first distance of each bucket; every later key shares bucket 0."""
    case = CASES["unidirectional bucket, first distance of each bucket; all future -> 0"]
    distances = torch.arange(200)
    buckets = relative_position_bucket(-distances, False, **case["input"])
    first = {str(bucket): int((buckets == bucket).nonzero()[0]) for bucket in range(32)}
    assert first == case["expected"]
    assert not relative_position_bucket(distances, False, **case["input"]).any()


def test_bidirectional_buckets():
    """Spot values on both sides."""
    case = CASES["spot values bidirectional (relative_position = key-query)"]
    assert relative_position_bucket(torch.tensor(case["input"]), True).tolist() == case["expected"]


@pytest.mark.parametrize("name", ["decoder mask LM packed", "decoder mask prefix-LM unpacked"])
def test_decoder_masks(name):
    """Causal within a packed example; a prefix looks both ways; padding sees nothing."""
    given = {key: torch.tensor(value) for key, value in CASES[name]["input"].items()}
    mask = decoder_mask(
        given["decoder_target_tokens"],
        given.get("segment_ids"),
        given.get("decoder_causal_attention"),
    )
    assert mask.int().tolist() == CASES[name]["expected"]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_parameter_counts(name):
    """At base, both of the built model and by the formula."""
    (case,) = [case for case in CASES.values() if case["area"] == "model"]
    for architecture in ARCHITECTURES[name]:
        model = build_model(architecture, "base", device="meta")
        assert sum(p.numel() for p in model.parameters()) == case["expected"][name]
        assert parameters(model_config(architecture, "base")) == case["expected"][name]


def test_length_penalty():
    """What beam search divides by."""
    case = CASES["beam brevity penalty ((5+len)/6)^alpha"]
    lengths, alpha = case["input"]["len"], case["input"]["alpha"]
    penalties = [length_penalty(length, alpha) for length in lengths]
    assert penalties == pytest.approx(case["expected"], abs=1e-6)


def test_z_loss():
    """Cross-entropy and its z-loss for logits that are all 0."""
    case = CASES["z-loss: CE + 1e-4*logZ^2; logits zeros(32128), any label"]
    logits = torch.zeros(1, case["input"]["vocab"])
    total, nats = cross_entropy(logits, torch.tensor([17]), case["input"]["z_loss"])
    assert float(nats) == pytest.approx(case["expected"]["ce"], abs=1e-5)
    assert float(total - nats) == pytest.approx(case["expected"]["z"], abs=1e-5)
