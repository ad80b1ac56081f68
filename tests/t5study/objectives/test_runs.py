"""Exact distributions, against every mask of a short text and the known figures of a long one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import binom

from lab.runs import (
    exceeds,
    noise_runs_distribution,
    noise_tokens_distribution,
    quantile,
    sentinels_distribution,
    targets_length_distribution,
)
from t5study.objectives.spans import TokenRows, collapse, labelled_runs

VOCAB = 1000


def enumerated(length, density, style):
    """Sentinels and targets lengths of every mask, with its probability."""
    sentinels, targets = np.zeros(2 * length + 3), np.zeros(2 * length + 3)
    for noise in itertools.product([False, True], repeat=length):
        mask = np.array([noise], dtype=bool)
        probability = density ** mask.sum() * (1 - density) ** (~mask).sum()
        rows = TokenRows.of(np.full(mask.shape, 5))
        inputs_side = collapse(rows, mask, VOCAB).tokens
        if style == "paper":
            targets_side = labelled_runs(rows, mask, VOCAB).tokens
        else:
            targets_side = collapse(rows, ~mask, VOCAB).tokens
        lowest = min(
            inputs_side.min(where=inputs_side > 5, initial=VOCAB),
            targets_side.min(where=targets_side > 5, initial=VOCAB),
        )
        sentinels[VOCAB - lowest] += probability
        targets[targets_side.shape[1] + 1] += probability
    return sentinels, targets


@pytest.mark.parametrize("style", ["released", "paper"])
@pytest.mark.parametrize("length", [1, 2, 7])
def test_every_mask_of_a_short_text(length, style):
    """Distributions equal the sum over all masks."""
    sentinels, targets = enumerated(length, 0.3, style)
    found = sentinels_distribution(length, 0.3, style)
    np.testing.assert_allclose(found, sentinels[: len(found)], atol=1e-15)
    assert sentinels[len(found) :].sum() == 0
    found = targets_length_distribution(length, 0.3, style)
    np.testing.assert_allclose(found, targets[: len(found)], atol=1e-15)
    assert targets[len(found) :].sum() == 0


@pytest.mark.parametrize(("density", "probability"), [(0.15, 3.2e-8), (0.25, 0.237), (0.5, 1.0)])
def test_more_than_100_runs_of_noise(density, probability):
    """How often 511 tokens hold more runs than there are sentinels."""
    assert exceeds(noise_runs_distribution(511, density), 100) == pytest.approx(probability, 0.01)


def test_runs_never_exceed_half_the_text():
    """The worst case is every other token."""
    assert len(np.trim_zeros(noise_runs_distribution(511, 0.5))) == 256 + 1


def test_noise_tokens_are_binomial():
    """Their count has the textbook distribution, far into its tail."""
    found = noise_tokens_distribution(200, 0.15)
    np.testing.assert_allclose(found, binom.pmf(np.arange(201), 200, 0.15), rtol=1e-9)


def test_quantile_is_the_smallest_that_suffices():
    """Counts are exceeded as often as allowed, but not by one less."""
    distribution = np.array([0.5, 0.25, 0.125, 0.125])
    assert [quantile(distribution, failure) for failure in (0.5, 0.3, 0.125, 0.0)] == [0, 1, 2, 3]
    assert [exceeds(distribution, limit) for limit in (-1, 0, 2, 3)] == [1.0, 0.5, 0.125, 0.0]
