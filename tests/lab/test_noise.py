"""Noise masks: exact counts, first and last tokens, uniform draws, length arithmetic."""

from __future__ import annotations

from collections import Counter
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import noise
from lab.noise import (
    iid_noise_mask,
    iid_noise_masks,
    random_prefix_noise_mask,
    random_prefix_noise_masks,
    random_spans_counts,
    random_spans_lengths,
    random_spans_noise_mask,
    random_spans_noise_masks,
)

densities = st.floats(0.01, 0.99)
means = st.floats(1, 20)
seeds = st.integers(0, 2**32 - 1)


def runs(mask):
    return int(np.count_nonzero(np.diff(mask.astype(int), prepend=0) == 1))


@pytest.mark.parametrize(
    ("length", "density", "tokens"),
    [(190, 0.15, 29), (10, 0.25, 2), (14, 0.25, 4), (2, 0.01, 1), (2, 0.99, 1), (20, 0.99, 19)],
)
def test_noise_tokens_round_as_float32_half_to_even(length, density, tokens):
    """The published runs counted in float32, and clamped to 1..length-1."""
    assert random_spans_counts(length, density, 3.0)[0] == tokens


@pytest.mark.parametrize(
    ("length", "density", "mean", "spans"),
    [
        (568, 0.15, 3.0, 28),
        (10, 0.5, 2.0, 2),
        (14, 0.5, 2.0, 4),
        (5, 0.2, 10.0, 1),
        (20, 0.9, 3, 2),
    ],
)
def test_spans_round_half_to_even_and_fit(length, density, mean, spans):
    """There is at least one span, and never more than there are tokens to part them."""
    assert random_spans_counts(length, density, mean)[1] == spans


@given(st.integers(2, 400), densities, means, seeds)
def test_random_spans_are_exact(length, density, mean, seed):
    """Noise tokens and spans are exact; the text starts uncorrupted and ends corrupted."""
    mask = random_spans_noise_mask(length, density, mean, np.random.default_rng(seed))
    tokens, spans = random_spans_counts(length, density, mean)
    assert mask.shape == (length,)
    assert (mask.sum(), runs(mask)) == (tokens, spans)
    assert not mask[0]
    assert mask[-1]


@pytest.mark.parametrize("length", [0, 1])
def test_nothing_to_corrupt(length):
    """A text of one token or none gets no noise."""
    mask = random_spans_noise_mask(length, 0.5, 3.0, np.random.default_rng(0))
    assert mask.tolist() == [False] * length


def test_every_way_to_place_spans_is_equally_likely():
    """Of 10 tokens, 4 of them noise in 2 spans: 3 x 5 masks, each drawn as often."""
    rng = np.random.default_rng(0)
    draws = 15000
    masks = random_spans_noise_masks(np.full(draws, 10), 10, 0.4, 2.0, rng)
    counts = Counter(mask.tobytes() for mask in masks)
    assert len(counts) == comb(3, 1) * comb(5, 1)
    assert max(abs(count - 1000) for count in counts.values()) < 5 * np.sqrt(1000)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), densities, means, seeds)
def test_random_spans_of_different_lengths_side_by_side(lengths, density, mean, seed):
    """Each row of a ragged batch is exact in itself, and nothing beyond its length is noise."""
    masks = random_spans_noise_masks(
        np.array(lengths), max(lengths), density, mean, np.random.default_rng(seed)
    )
    for mask, length in zip(masks, lengths, strict=True):
        tokens, spans = random_spans_counts(length, density, mean)
        assert (mask.sum(), runs(mask)) == (tokens, spans)
        assert not mask[length:].any()
        assert length < 2 or mask[length - 1]


def test_iid_noise_has_its_density_everywhere():
    """Every position is noise as often as asked."""
    rng = np.random.default_rng(0)
    share = np.mean([iid_noise_mask(8, 0.3, rng) for _ in range(20000)], axis=0)
    assert np.abs(share - 0.3).max() < 5 * np.sqrt(0.3 * 0.7 / 20000)


@pytest.mark.parametrize("density", [0.0, 1.0])
def test_iid_noise_at_the_extremes(density):
    """At 0 nothing is noise, at 1 everything."""
    mask = iid_noise_mask(1000, density, np.random.default_rng(0))
    assert mask.tolist() == [density == 1.0] * 1000


def test_iid_noise_stays_inside_each_text():
    """Nothing beyond a row's length is noise."""
    masks = iid_noise_masks(np.array([0, 3, 5]), 5, 1.0, np.random.default_rng(0))
    assert masks.sum(axis=1).tolist() == [0, 3, 5]


def test_one_token_has_no_prefix():
    """A text of one token is not split, one of two always in the middle."""
    rng = np.random.default_rng(0)
    assert random_prefix_noise_mask(1, rng).tolist() == [False]
    assert random_prefix_noise_mask(2, rng).tolist() == [True, False]
    assert random_prefix_noise_masks(np.array([0, 2]), 2, rng).tolist() == [[0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((512, 0.15, 2.0), (552, 126)),
        ((512, 0.15, 3.0), (568, 114)),
        ((512, 0.15, 5.0), (581, 105)),
        ((512, 0.15, 10.0), (591, 99)),
        ((64, 0.20, 1.0), (63, 27)),
        ((64, 0.20, 2.0), (70, 22)),
        ((512, 0.50, 3.0), (766, 512)),
        ((512, 0.50, 1.0), (510, 512)),
        ((64, 0.50, 1.0), (62, 64)),
        ((512, 0.0, 3.0), (511, 1)),
    ],
)
def test_published_lengths(arguments, expected):
    """Raw tokens and targets of the published settings."""
    assert random_spans_lengths(*arguments) == expected


@given(st.integers(2, 600), densities.filter(lambda density: density != 0.5), means)
def test_lengths_fill_the_inputs(inputs_length, density, mean):
    """Corrupted inputs with EOS fit, those of one more raw token would not; targets just fit."""

    def corrupted(length):
        tokens, _ = random_spans_counts(length, density, mean)
        # The spans asked for: that fewer may fit is the mask's business.
        spans = max(1, round(float(np.float32(tokens) / np.float32(mean)))) if tokens else 0
        return length - tokens + spans + 1, tokens + spans + 1

    tokens_length, targets_length = random_spans_lengths(inputs_length, density, mean)
    assert corrupted(tokens_length)[0] <= inputs_length < corrupted(tokens_length + 1)[0]
    assert corrupted(tokens_length)[1] == targets_length


@given(st.integers(2, 600), densities, means)
def test_what_is_corrupted_fits(inputs_length, density, mean):
    """However many spans fit, neither side of an example is longer than said."""
    tokens_length, targets_length = random_spans_lengths(inputs_length, density, mean)
    tokens, spans = random_spans_counts(tokens_length, density, mean)
    assert tokens_length - tokens + spans + 1 <= inputs_length
    assert tokens + spans + 1 <= targets_length


@given(st.integers(0, 60), means, seeds)
def test_nothing_is_noise_at_density_zero(length, mean, seed):
    """No token is marked, and none is counted."""
    rng = np.random.default_rng(seed)
    assert not random_spans_noise_mask(length, 0.0, mean, rng).any()
    assert [int(count) for count in random_spans_counts(length, 0.0, mean)] == [0, 0]


@given(st.integers(3, 600), means)
def test_lengths_at_one_half(inputs_length, mean):
    """At one half both inputs and targets fit."""
    tokens_length, targets_length = random_spans_lengths(inputs_length, 0.5, mean)
    tokens, spans = random_spans_counts(tokens_length, 0.5, mean)
    assert tokens_length - tokens + spans + 1 <= inputs_length
    assert tokens + spans + 1 <= targets_length <= inputs_length


def test_no_room_for_a_token():
    """Inputs that hold only EOS are refused with what would do."""
    with pytest.raises(ValueError, match=r"inputs_length=1.*at least 2"):
        random_spans_lengths(1, 0.15, 3.0)


def test_keys_that_agree_in_their_upper_halves_are_told_apart():
    """What the halves cannot decide the whole keys do; rows that ask for none get none."""
    keys = np.array([[7, 5, 6, 2**40], [2**40, 1, 3, 2], [9, 8, 7, 6]], dtype=np.uint64)
    lowest = noise._lowest(keys, np.array([2, 3, 0]))
    assert lowest.tolist() == [
        [False, True, True, False],
        [False, True, True, True],
        [False, False, False, False],
    ]
