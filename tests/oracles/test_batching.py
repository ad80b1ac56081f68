"""Oracle cases of the areas packing and mixing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from t5study.batching import Layout, make_autoregressive_inputs, pack
from t5study.mixing import mixing_rates

CASES = {
    case["case"]: case
    for case in json.loads(Path(__file__).with_name("cases").joinpath("batching.json").read_text())
}


def packed(case, *, packing, loss_on_inputs=False):
    """The case's examples as the rows of a prefix language model."""
    layout = Layout(
        architecture="prefix_lm",
        inputs_length=case["args"]["inputs"],
        targets_length=case["args"]["targets"],
        loss_on_inputs=loss_on_inputs,
    )
    pairs = [(example["inputs"], example["targets"]) for example in case["input"]]
    return pack(pairs, layout, packing=packing)


def places_in_segments(segment_ids):
    """How far each token is from its segment's first one; 0 for padding."""
    return [
        place - segment_ids.index(segment) if segment else 0
        for place, segment in enumerate(segment_ids)
    ]


def test_make_autoregressive_inputs():
    """Every segment's decoder input starts from 0."""
    case = CASES["make_autoregressive_inputs packed"]
    made = make_autoregressive_inputs(case["input"]["targets"], case["input"]["segment_ids"])
    assert made.tolist() == case["expected"]


def test_prefix_lm_packed():
    """Two examples in one row: each field as expected, positions from the segment ids."""
    case = CASES["PrefixLM packed"]
    batch = packed(case, packing=True)
    expected = dict(case["expected"])
    assert places_in_segments(batch["decoder_segment_ids"][0].tolist()) == expected.pop(
        "decoder_positions"
    )
    assert {name: batch[name].tolist() for name in expected} == {
        name: [row] for name, row in expected.items()
    }


@pytest.mark.parametrize("loss_on_inputs", [False, True])
def test_prefix_lm_unpacked(loss_on_inputs):
    """One example in a row as wide as both lengths, with the loss on inputs or not."""
    case = CASES["PrefixLM unpacked"]
    batch = packed(case, packing=False, loss_on_inputs=loss_on_inputs)
    expected = dict(case["expected"])
    both = expected.pop("loss_on_inputs_too")
    if loss_on_inputs:
        expected["decoder_loss_weights"] = both
    assert {name: batch[name].tolist() for name in expected} == {
        name: [row] for name, row in expected.items()
    }


def test_proportional_weights_of_glue():
    """MNLI's share is its examples over all examples."""
    case = CASES["GLUE proportional weights (sum)"]
    assert sum(case["input"].values()) == case["expected"]["sum"]
    rates = mixing_rates(case["input"], "proportional")
    assert rates["mnli"] == pytest.approx(case["expected"]["p_mnli"], abs=5e-7)
