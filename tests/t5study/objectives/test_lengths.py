"""What objectives say of lengths and sentinels, and that it is what they do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t5study.objectives import get_objective, objective_names, sentinels_needed

VOCAB = 1100


@given(
    st.integers(4, 300),
    st.floats(0.05, 0.95),
    st.floats(1, 8),
    st.integers(1, 40),
    st.sampled_from(["released", "paper"]),
    st.integers(0, 2**32 - 1),
)
def test_span_lengths_hold_their_examples(inputs_length, density, mean, sentinels, style, seed):
    """With EOS both sides fit their lengths, however few sentinels there are."""
    objective = get_objective(
        "span",
        vocab_size=VOCAB,
        noise_density=density,
        mean_noise_span_length=mean,
        num_sentinels=sentinels,
        targets_style=style,
    )
    tokens_length, targets_length = objective.lengths(inputs_length)
    inputs, targets = objective.corrupt(
        np.arange(3, 3 + tokens_length), np.random.default_rng(seed)
    )
    assert len(inputs) + 1 <= inputs_length
    assert len(targets) + 1 <= targets_length
    assert objective.truncation_probability(inputs_length) == 0


@pytest.mark.parametrize(
    ("name", "settings", "lengths"),
    [
        ("iid", {"noise_density": 0.10}, (511, 103)),
        ("iid", {"noise_density": 0.15}, (511, 192)),
        ("iid", {"noise_density": 0.25}, (511, 256)),
        ("iid", {"noise_density": 0.50}, (511, 512)),
        ("drop", {}, (511, 104)),
        ("span", {}, (568, 114)),
        ("span", {"targets_style": "paper"}, (568, 115)),
        ("bert", {}, (511, 512)),
        ("mass", {}, (511, 512)),
        ("deshuffling", {}, (511, 512)),
        ("prefix_lm", {}, (511, 512)),
        ("lm", {}, (511, 512)),
    ],
)
def test_lengths_at_512(name, settings, lengths):
    """Raw tokens and targets as in the published runs."""
    assert get_objective(name, vocab_size=VOCAB, **settings).lengths(512) == lengths


@pytest.mark.parametrize("name", objective_names())
def test_no_room_for_a_token(name):
    """Inputs that hold only EOS are refused with what would do."""
    with pytest.raises(ValueError, match=r"inputs_length=1 .*at least 2"):
        get_objective(name, vocab_size=VOCAB).lengths(1)


@pytest.mark.parametrize("style", ["released", "paper"])
@pytest.mark.parametrize("density", [0.1, 0.15, 0.4, 0.8])
@pytest.mark.parametrize("name", ["iid", "drop"])
def test_other_lengths_cut_one_example_in_a_thousand(name, density, style):
    """The targets length is the shortest that does so."""
    objective = get_objective(name, vocab_size=VOCAB, noise_density=density, targets_style=style)
    _, targets_length = objective.lengths(128)
    assert objective.truncation_probability(128) <= 1e-3
    assert objective.truncation_probability(128, targets_length - 1) > 1e-3


@pytest.mark.parametrize(
    ("name", "density", "targets_length"),
    [("iid", 0.1, 103), ("iid", 0.25, 240), ("drop", 0.15, 80), ("prefix_lm", 0.15, 300)],
)
def test_truncation_is_what_corruption_does(name, density, targets_length):
    """The stated share of examples has longer targets, counted over many."""
    objective = get_objective(name, vocab_size=VOCAB, noise_density=density, num_sentinels=300)
    stated = objective.truncation_probability(512, targets_length)
    tokens = np.full((4000, objective.lengths(512)[0]), 5)
    batch = objective.corrupt_batch(tokens, np.random.default_rng(0))
    counted = np.mean(batch.targets_lengths + 1 > targets_length)
    assert 0.05 < stated < 0.95
    assert counted == pytest.approx(stated, abs=5 * np.sqrt(0.25 / 4000))


def test_the_published_lengths_cut_a_third_at_10_percent():
    """103 tokens are too few for 35% of the examples."""
    objective = get_objective("iid", vocab_size=VOCAB, noise_density=0.10)
    assert objective.truncation_probability(512) == pytest.approx(0.35, abs=0.001)


@pytest.mark.parametrize(
    ("name", "settings", "needed"),
    [
        ("iid", {"noise_density": 0.15}, 105),
        ("iid", {"noise_density": 0.50}, 162),
        ("span", {}, 28),
        ("span", {"targets_style": "paper"}, 29),
        ("bert", {}, 1),
        ("mass", {}, 1),
        ("drop", {}, 0),
        ("deshuffling", {}, 0),
        ("prefix_lm", {}, 0),
        ("lm", {}, 0),
    ],
)
def test_sentinels_needed_at_512(name, settings, needed):
    """As many as suffice for all but one example in 1e9."""
    assert sentinels_needed(name, 512, **settings) == needed


def test_a_vocabulary_with_too_few_sentinels_is_warned_of():
    """The warning says how many are needed and what happens without them."""
    objective = get_objective("iid", vocab_size=VOCAB, noise_density=0.25)
    assert objective.sentinel_warning(512) == (
        "Objective 'iid' at noise_density=0.25 on 511 tokens needs 135 sentinels for all but "
        "1e-09 of its examples; the vocabulary has 100, so the last runs of 0.26 of the examples "
        "stay uncorrupted. Give the vocabulary num_sentinels=135."
    )


@pytest.mark.parametrize("name", objective_names())
def test_enough_sentinels_need_no_warning(name):
    """With as many as are needed there is nothing to say."""
    objective = get_objective(name, vocab_size=VOCAB, num_sentinels=105)
    assert objective.sentinel_warning(512) is None
