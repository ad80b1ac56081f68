"""Texts that stand alone in shared rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.batching.fitting import Fitting
from lab.corpora.tokenized import TokenizedCorpus, write_tokens
from t5study.batching import PretrainBatches
from t5study.batching.corpus import SharedRows
from t5study.objectives import get_objective, objective_names

PIECES, SENTINELS = 1000, 200


@given(st.lists(st.integers(1, 50), min_size=1, max_size=200), st.integers(2, 40))
def test_every_item_is_in_one_row_and_no_row_is_over_full(sizes, limit):
    """Whatever the sizes; an item beyond the limit is alone."""
    sizes = np.sort(np.array(sizes))[::-1]
    fitting = Fitting(sizes, limit)
    items, places = fitting.items(np.arange(len(fitting)))
    assert sorted(items.tolist()) == list(range(len(sizes)))
    assert (np.diff(places) >= 0).all()
    taken = np.bincount(places, weights=sizes[items])
    alone = np.bincount(places) == 1
    assert ((taken <= limit) | alone).all()
    # Best fit never leaves two rows that one would hold.
    assert len(taken) < 2 or np.sort(taken)[:2].sum() > limit


def test_rows_are_found_in_any_order():
    """A row holds the same items wherever it stands in the question."""
    sizes = np.sort(np.random.default_rng(0).integers(1, 60, 500))[::-1]
    fitting = Fitting(sizes, 64)
    items, places = fitting.items(np.arange(len(fitting)))
    asked = np.random.default_rng(1).permutation(len(fitting))
    again, at = fitting.items(asked)
    for place, row in enumerate(asked):
        assert again[at == place].tolist() == items[places == row].tolist()


def test_a_million_lengths_fill_their_rows():
    """Under a thousandth of the places stay empty, and it takes no noticeable time."""
    lengths = np.random.default_rng(0).lognormal(5.6, 1.05, 10**6).astype(int).clip(1, 511)
    sizes = np.sort(lengths + 1)[::-1]
    assert 1 - sizes.sum() / (512 * len(Fitting(sizes, 512))) < 1e-3


@pytest.mark.parametrize("inputs_length", [3, 4, 5])
def test_the_shortest_rows_still_hold_their_texts(tmp_path, inputs_length):
    """Where no pair fits, texts stand alone; nothing runs over into the next row."""
    write_tokens([[5], [6, 7], [8], [9, 10, 11, 12]], tmp_path, pieces=PIECES)
    batches = PretrainBatches(
        TokenizedCorpus.open(tmp_path),
        get_objective("prefix_lm", vocab_size=PIECES + SENTINELS),
        architecture="encoder_decoder",
        inputs_length=inputs_length,
        batch_size=1,
        seed=0,
    )
    seen = []
    for place in range(len(batches.sources["corpus"])):
        for name in ("encoder_input_tokens", "decoder_target_tokens"):
            row = batches[place][name][0]
            seen += row[row > 2].tolist()
    assert sorted(seen) == list(range(5, 13))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=120))
def test_pairs_are_of_like_length(lengths):
    """Every piece once; a second is as long as its first or shorter, and follows it."""
    lengths = np.array(lengths)
    shared = SharedRows(lengths, np.arange(31) + 1, 32, pairs=True)
    pieces, places, second = shared.pieces(np.arange(len(shared)))
    assert sorted(pieces.tolist()) == list(range(len(lengths)))
    assert not second[0]
    seconds = np.flatnonzero(second)
    assert (places[seconds] == places[seconds - 1]).all()
    assert not second[seconds - 1].any()
    assert (lengths[pieces[seconds]] <= lengths[pieces[seconds - 1]]).all()
    assert len(seconds) == len(lengths) // 2


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 39)), min_size=1, max_size=30),
    st.integers(0, 2**32),
)
def test_the_cuts_of_a_pair_leave_each_other_room(pairs, seed):
    """Prefixes together are no longer than the first text, and so are the rests."""
    firsts = [first for first, _ in pairs]
    lengths = np.array([[first, max(1, first - less)] for first, less in pairs]).ravel()
    second = np.tile([False, True], len(pairs))
    tokens = np.arange(1, 41) + np.zeros((len(lengths), 1), int)
    objective = get_objective("prefix_lm", vocab_size=PIECES + SENTINELS)
    made = objective.corrupt_batch(tokens, np.random.default_rng(seed), lengths, second)
    assert (made.inputs_lengths + made.targets_lengths == lengths).all()
    assert (made.targets_lengths >= 1).all()
    assert ((made.inputs_lengths >= 1) | (lengths == 1)).all()
    both = np.maximum(firsts, 2)
    assert (made.inputs_lengths.reshape(-1, 2).sum(axis=1) <= both).all()
    assert (made.targets_lengths.reshape(-1, 2).sum(axis=1) <= both).all()


def test_the_cuts_of_either_of_a_pair_are_uniform():
    """On 1 .. L - 1, for the first as for the shorter second."""
    objective = get_objective("prefix_lm", vocab_size=PIECES + SENTINELS)
    lengths = np.tile([11, 8], 20000)
    made = objective.corrupt_batch(
        np.ones((40000, 11)), np.random.default_rng(0), lengths, np.tile([False, True], 20000)
    )
    for place, length in enumerate((11, 8)):
        counts = np.bincount(made.inputs_lengths[place::2], minlength=length)
        assert counts[0] == 0
        expected = 20000 / (length - 1)
        assert counts[1:] == pytest.approx(np.full(length - 1, expected), abs=5 * expected**0.5)


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """A corpus with lengths like those of web pages."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("web")
    lengths = rng.lognormal(5.6, 1.05, 3000).astype(int) + 1
    write_tokens((rng.integers(3, PIECES, n) for n in lengths), folder, pieces=PIECES)
    return TokenizedCorpus.open(folder)


FULL = sorted(set(objective_names()) - {"iid", "drop", "lm"})


@pytest.mark.parametrize("inputs_length", [64, 512])
@pytest.mark.parametrize("architecture", ["encoder_decoder", "language_model", "prefix_lm"])
@pytest.mark.parametrize("name", FULL)
def test_padding_of_pretraining_is_under_two_percent(web, name, architecture, inputs_length):
    """On either side, for every objective whose examples have a length that is known."""
    batches = PretrainBatches(
        web,
        get_objective(name, vocab_size=PIECES + SENTINELS, num_sentinels=SENTINELS),
        architecture=architecture,
        inputs_length=inputs_length,
        batch_size=64,
        seed=0,
    )
    measured = batches.measure(range(6))
    assert measured.padding_share < 0.02
    sides = {"encoder", "decoder"} if architecture == "encoder_decoder" else {"decoder"}
    assert measured.padding_by_side.keys() == sides
    assert max(measured.padding_by_side.values()) < 0.02
    assert measured.truncated == {"inputs": 0, "targets": 0}


def test_iid_corruption_leaves_what_its_targets_length_leaves(web):
    """The published 192 places of the decoder hold 143 tokens: no packing could fill both sides."""
    objective = get_objective("iid", vocab_size=PIECES + SENTINELS, num_sentinels=SENTINELS)
    batches = PretrainBatches(
        web,
        objective,
        architecture="encoder_decoder",
        inputs_length=512,
        batch_size=64,
        seed=0,
    )
    sides = batches.measure(range(6)).padding_by_side
    assert 0.02 < sides["encoder"] < 0.03
    assert sides["decoder"] == pytest.approx(1 - 143 / 192, abs=0.01)
