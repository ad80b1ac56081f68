"""Oracle cases of the areas noise, lengths and prefix_lm, through this project's functions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lab.noise import random_prefix_noise_mask
from lab.pieces import split_tokens, split_tokens_to_targets_length
from t5study.objectives import get_objective
from t5study.objectives.spans import (
    noise_span_to_unique_sentinel,
    nonnoise_span_to_sentinel,
    nonnoise_span_to_unique_sentinel,
    permute_noise_tokens,
)

CASES = {
    case["case"].split(" ")[0].rstrip(":"): case
    for case in json.loads(
        Path(__file__).with_name("cases").joinpath("objectives.json").read_text()
    )
}


@pytest.mark.parametrize(
    ("case", "function"),
    [
        ("noise_span_to_unique_sentinel", noise_span_to_unique_sentinel),
        ("nonnoise_span_to_sentinel", nonnoise_span_to_sentinel),
    ],
)
def test_a_run_becomes_one_sentinel(case, function):
    """The runs of either kind are replaced by sentinels that count down."""
    given = CASES[case]
    replaced = function(given["input"]["tokens"], given["input"]["noise_mask"], **given["args"])
    assert replaced.tolist() == given["expected"]


def test_denoising_a_given_mask():
    """Inputs stand in for the noise, released targets for the rest."""
    given = CASES["denoise"]
    vocab_size = given["args"]["vocab_size"]
    inputs = noise_span_to_unique_sentinel(**given["input"], vocab_size=vocab_size)
    targets = nonnoise_span_to_unique_sentinel(**given["input"], vocab_size=vocab_size)
    assert inputs.tolist() == given["expected"]["inputs"]
    assert targets.tolist() == given["expected"]["targets"]


def test_permuting_noise():
    """Noise tokens change places among themselves; the others stay."""
    given = CASES["permute_noise_tokens"]
    tokens = np.array(given["input"]["tokens"])
    noise = np.array(given["input"]["noise_mask"], dtype=bool)
    unchanged = given["expected"]["non_noise_positions_unchanged"]
    orders = set()
    for seed in range(50):
        permuted = permute_noise_tokens(tokens, noise, np.random.default_rng(seed))
        assert permuted[unchanged].tolist() == tokens[unchanged].tolist()
        orders.add(tuple(permuted[noise].tolist()))
        assert sorted(permuted[noise]) == given["expected"]["multiset_of_noise_positions"]
    assert len(orders) == 6


def test_a_random_prefix():
    """Noise is a prefix; its length is uniform on 1..9 for ten tokens."""
    given = CASES["random_prefix_noise_mask"]
    length, expected, draws = given["input"]["length"], given["expected"], 9000
    rng = np.random.default_rng(0)
    masks = np.array([random_prefix_noise_mask(length, rng) for _ in range(draws)])
    assert (masks[:, 0] == expected["first"]).all()
    assert (masks[:, -1] == expected["last"]).all()
    assert (masks[:, 1:] <= masks[:, :-1]).all()
    counts = np.bincount(masks.sum(axis=1), minlength=length + 1)
    assert counts[0] == counts[length] == 0
    assert np.abs(counts[1:length] - draws / 9).max() < 5 * np.sqrt(draws / 9)


def test_split_tokens():
    """A text gives as many segments as it takes to hold it."""
    given = CASES["split_tokens"]
    tokens = np.arange(given["input"]["n"])
    counts = {size: len(split_tokens(tokens, int(size))) for size in given["expected"]}
    assert counts == given["expected"]


@pytest.mark.parametrize(("case", "add_eos"), [("add_eos", True), ("no_eos", False)])
def test_split_tokens_to_targets_length(case, add_eos):
    """Segments leave room for EOS where one is added."""
    given = CASES["split_tokens_to_targets_length"]
    tokens = np.array(given["input"]["tokens"])
    segments = split_tokens_to_targets_length(tokens, given["input"]["targets_len"], add_eos)
    assert {len(segment) for segment in segments[:-1]} == {given["expected"][case]}
    assert np.concatenate(segments).tolist() == tokens.tolist()


def test_published_targets_lengths():
    """The targets lengths of i.i.d. corruption and of dropping at 512 inputs."""
    expected = CASES["iid"]["expected"]
    lengths = {
        rate: get_objective("iid", vocab_size=32100, noise_density=int(rate) / 100).lengths(512)[1]
        for rate in ("10", "15", "25", "50")
    }
    drop = get_objective("drop", vocab_size=32100, noise_density=0.15)
    assert lengths | {"15_drop": drop.lengths(512)[1]} == expected


def test_prefix_lm_splits_the_text():
    """Inputs and targets together are the text; the cut differs between examples."""
    given = CASES["prefix_lm"]
    first, last = (int(end) for end in given["input"]["tokens"].split(".."))
    text = np.arange(first, last + 1)
    objective = get_objective("prefix_lm", vocab_size=32100)
    assert objective.lengths(100)[0] == len(text)
    rng = np.random.default_rng(0)
    splits = set()
    for _ in range(100):
        inputs, targets = objective.corrupt(text, rng)
        assert np.concatenate([inputs, targets]).tolist() == text.tolist()
        splits.add(len(inputs))
    assert len(splits) > 1
