"""Several fine-tunings of one pre-training as one score."""

from __future__ import annotations

import json
from statistics import fmean, median, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.encoder.finetuning.evaluate import summed_up


def members(world, tmp_path, data, steps):
    """Fine-tunings of different lengths, so of different scores."""
    return [
        world.learned(tmp_path / f"finetune{number}", world.settings(data, steps=one, seed=number))
        for number, one in enumerate(steps)
    ]


def test_a_score_is_the_median_over_the_members(world, tmp_path):
    """Mean, deviation and each member's own score stand beside; the middle one's answers."""
    data = world.second_word(tmp_path / "data")
    found = members(world, tmp_path, data, (1, 150, 10))
    out, _ = world.scored(tmp_path / "evaluate", data, found)
    each = [one["acc"] for one in json.loads((out / "members.json").read_text())["mine"]]
    assert each[1] == 100.0
    assert len(set(each)) == 3
    scores = json.loads((out / "scores.json").read_text())["mine"]
    assert scores == pytest.approx(
        {"acc": median(each), "acc_mean": fmean(each), "acc_deviation": stdev(each)}
    )
    lines = [json.loads(line) for line in (out / "predictions.jsonl").open()]
    right = sum(line["prediction"] == line["target"] for line in lines)
    assert 100 * right / len(lines) == pytest.approx(scores["acc"])
    for number, score in enumerate(each):
        kept = [line["members"][number]["acc"]["mean"][0] for line in lines]
        assert fmean(kept) == pytest.approx(score)
    assert {line["summary"] for line in lines} == {"median"}
    out, _ = world.scored(tmp_path / "mean", data, found, summary="mean")
    assert json.loads((out / "scores.json").read_text())["mine"]["acc"] == pytest.approx(
        fmean(each)
    )


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=9))
def test_a_summary_does_not_depend_on_the_order(values):
    """And lies between the least and the greatest."""
    one = summed_up([{"acc": value} for value in values], "median")
    other = summed_up([{"acc": value} for value in reversed(values)], "median")
    assert one["acc"] == other["acc"]
    assert min(values) <= one["acc"] <= max(values)
    assert ("acc_deviation" in one) == (len(values) > 1)


def test_some_rows_are_scored(world, tmp_path):
    """The first ones."""
    data = world.second_word(tmp_path / "data")
    (member,) = members(world, tmp_path, data, [1])
    out, facts = world.scored(tmp_path / "evaluate", data, [member], examples=5)
    lines = [json.loads(line) for line in (out / "predictions.jsonl").open()]
    expected = [" ".join(one) for one in world.sentences(32)[:5]]
    assert [line["inputs"] for line in lines] == expected
    assert facts["seconds"].keys() == {"data", "model", "answering", "scoring"}
    (scored,) = facts["scored"].values()
    assert scored["examples"] == 5
    assert scored["errors"].keys() == {"acc"}
