"""What a fine-tuning learns and scores is what it was, or a stage's version must be raised."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

RAISE = (
    "Raise the version of the stages finetune and evaluate in the studies that have them, or show "
    "that they mean what they meant, and renew the numbers."
)
KNOWN = [0.39313257, 0.15037410, 2.01098055, 0.65245338]
"""Losses of ten updates each in nats, and mean and deviation of the answers."""


def test_losses_and_answers_of_a_tiny_finetuning(world, tmp_path):
    """Rates by layer, decay, dropout, both orders of pairs; then the numbers that are answered."""
    pairs = zip(world.sentences(24), world.sentences(24, seed=1), strict=True)
    rows = [
        {"a": " ".join(one), "b": " ".join(other), "likeness": (int(one[1][1:]) + 3 * number) % 5}
        for number, (one, other) in enumerate(pairs)
    ]
    definition = "kind: regression\nrange: [0, 4]\nstep: 1\nanswer: likeness\nfields: [a, b]\n"
    data = world.defined(tmp_path / "data", definition, rows)
    head = {"dropout": 0.1, "kernel": "glorot", "vector": "first", "spans": "joint"}
    config = world.settings(
        data,
        steps=20,
        dropout=0.1,
        head=head,
        orders=2,
        layer_decay=0.8,
        weight_decay=0.01,
        inputs_length=12,
    )
    member = world.learned(tmp_path / "finetune", config)
    with (member / "metrics.csv").open() as file:
        losses = [float(line["loss"]) for line in csv.DictReader(file)]
    out, _ = world.scored(tmp_path / "evaluate", data, [member], inputs_length=12)
    lines = [json.loads(line) for line in (out / "predictions.jsonl").open()]
    answered = [line["parts"]["pearson"]["pearson"][1] for line in lines]
    found = [*losses, float(np.mean(answered)), float(np.std(answered))]
    assert found == pytest.approx(KNOWN, abs=1e-5), RAISE
