"""Regression from rows on disk to correlations."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lab.datasets import get_dataset
from lab.datasets.dataset import Row
from lab.encoder.finetuning.kinds import kind_of
from lab.encoder.finetuning.rows import made_inputs
from lab.encoder.vocabulary import open_vocabulary

NUMBERS = "kind: regression\nrange: [1, 9]\nstep: 1\nanswer: likeness\nfields: [a, b]\n"


def alike(world, folder):
    """Pairs of sentences whose likeness is a ninth of their second words' distance, cut at 9."""
    pairs = zip(world.sentences(32), world.sentences(32, seed=1), strict=True)
    rows = [
        {
            "a": " ".join(one),
            "b": " ".join(other),
            "likeness": min(9, 1 + abs(int(one[1][1:]) - int(other[1][1:])) // 4),
        }
        for one, other in pairs
    ]
    return world.defined(folder, NUMBERS, rows)


def test_an_encoder_learns_numbers_by_heart(world, tmp_path):
    """32 pairs; predictions come on the scale of the rows."""
    data = alike(world, tmp_path / "data")
    member = world.learned(tmp_path / "finetune", world.settings(data, steps=300))
    out, _ = world.scored(tmp_path / "evaluate", data, [member])
    scores = json.loads((out / "scores.json").read_text())["mine"]
    assert scores["pearson"] > 97
    assert scores["spearman"] > 95
    lines = [json.loads(line) for line in (out / "predictions.jsonl").open()]
    off = [abs(float(line["target"]) - float(line["prediction"])) for line in lines]
    assert np.mean(off) < 0.6
    target, prediction = lines[0]["parts"]["pearson"]["pearson"]
    assert (target, f"{prediction:.2f}") == (float(lines[0]["target"]), lines[0]["prediction"])
    assert json.loads((out / "constant.json").read_text())["mine"] == {"pearson": 0, "spearman": 0}


def test_numbers_are_learned_as_places_of_their_range(world, tmp_path):
    """STS-B's as label / 5, ratings of -4..4 from 0 to 1."""
    pieces = open_vocabulary(world.vocabulary(tmp_path))
    for name, row, place in (
        ("glue_stsb", Row({"sentence1": "w1", "sentence2": "w2"}, score=3.25), 0.65),
        ("vader_rating", Row({"sentence": "w1 w2"}, score=-2.0), 0.25),
    ):
        data = get_dataset(name)
        kind = kind_of(data, {"vector": "first"})
        inputs = made_inputs(data, kind, [row], pieces, 16)
        assert inputs.answers["place"].tolist() == pytest.approx([place])
        kept = {"place": np.array([place], dtype=np.float32)}
        assert kind.predictions(kept, inputs) == pytest.approx([row.score], abs=1e-5)


def test_both_orders_of_a_pair_are_learned(world, tmp_path):
    """With one answer; evaluation asks one."""
    data = get_dataset("glue_stsb")
    pieces = open_vocabulary(world.vocabulary(tmp_path))
    rows = [Row({"sentence1": "w1 w2 w3", "sentence2": "w4"}, score=5.0)]
    made = made_inputs(data, kind_of(data, {"vector": "first"}), rows, pieces, 16, orders=2)
    assert made.first.lengths.tolist() == [3, 1]
    assert made.second.lengths.tolist() == [1, 3]
    assert pieces.decode(made.first.tokens) == "w1 w2 w3 w4"
    assert pieces.decode(made.second.tokens) == "w4 w1 w2 w3"
    assert made.answers["place"].tolist() == [1.0, 1.0]
