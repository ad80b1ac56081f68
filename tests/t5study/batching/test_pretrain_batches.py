"""Batches of corrupted text."""

from __future__ import annotations

import numpy as np
import pytest

from lab.batching.layout import BatchError
from lab.corpora.tokenized import TokenizedCorpus, write_tokens
from t5study.batching import Batches, CorpusRows, Layout, PretrainBatches, padding_share
from t5study.objectives import get_objective, objective_names

PIECES, SENTINELS = 1000, 64
LENGTH = 32


def corpus_of(folder, documents):
    """A corpus in a folder of its own."""
    write_tokens(documents, folder, pieces=PIECES, shard_tokens=4000)
    return TokenizedCorpus.open(folder)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """300 documents of 1 to 90 tokens."""
    rng = np.random.default_rng(0)
    documents = [rng.integers(3, PIECES, rng.integers(1, 91)).tolist() for _ in range(300)]
    return corpus_of(tmp_path_factory.mktemp("corpus"), documents)


def objective(name):
    """An objective over the corpus's vocabulary."""
    return get_objective(name, vocab_size=PIECES + SENTINELS, num_sentinels=SENTINELS)


def batches_of(corpus, name="span", **changes):
    """Batches of 24 rows of 32 tokens."""
    settings = {"architecture": "encoder_decoder", "batch_size": 24, "seed": 7}
    return PretrainBatches(corpus, objective(name), inputs_length=LENGTH, **settings | changes)


def same(one, other):
    """Whether two batches hold the same arrays."""
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def variants():
    """Every objective in every kind of model that it can train."""
    for name in objective_names():
        for architecture in ("encoder_decoder", "language_model", "prefix_lm"):
            if architecture in objective(name).architectures:
                yield name, architecture


@pytest.mark.parametrize(("name", "architecture"), variants())
def test_a_batch_is_a_function_of_seed_and_index(corpus, name, architecture):
    """In any order, from a fresh object, in any ranks' shares: the same rows."""
    batches = batches_of(corpus, name, architecture=architecture)
    forward = [batches[i] for i in range(4)]
    fresh = batches_of(corpus, name, architecture=architecture)
    assert all(same(fresh[i], forward[i]) for i in (3, 1, 0, 2))
    assert not same(forward[0], forward[1])
    assert not same(forward[0], batches_of(corpus, name, architecture=architecture, seed=8)[0])
    for world in (2, 3, 24):
        shares = [batches.shard(rank, world)[2] for rank in range(world)]
        joined = {k: np.concatenate([share[k] for share in shares]) for k in forward[2]}
        assert same(joined, forward[2])


def test_an_epoch_of_language_modeling_is_the_corpus(corpus):
    """Every token of the corpus comes once an epoch, in pieces, and in another order next time."""
    batches = batches_of(corpus, "lm", architecture="language_model", batch_size=10)
    rows = len(batches.sources["corpus"])
    epochs = []
    for epoch in range(2):
        pieces = []
        for place in range(epoch * rows, (epoch + 1) * rows):
            row = batches[place // 10]["decoder_target_tokens"][place % 10]
            end = int(np.flatnonzero(row == 1)[-1])
            assert not row[end + 1 :].any()
            pieces.append(tuple(row[:end].tolist()))
        epochs.append(pieces)
    assert sorted(epochs[0]) == sorted(epochs[1])
    assert epochs[0] != epochs[1]
    assert sum(map(len, epochs[0])) == len(corpus)
    whole = corpus.read(0, len(corpus)).tolist()
    starts = {tuple(whole[i : i + 8]): i for i in range(len(whole) - 8)}
    in_order = sorted((p for p in epochs[0] if len(p) >= 8), key=lambda p: starts[p[:8]])
    assert all(tuple(whole[starts[p[:8]] :][: len(p)]) == p for p in in_order)


def test_short_documents_are_joined(corpus):
    """Pieces are full though documents are shorter; hardly any padding is left."""
    batches = batches_of(corpus, "span")
    shares = [padding_share(batches[i]) for i in range(20)]
    assert np.mean(shares) < 0.02
    assert batches.measure(range(20)).padding_share == pytest.approx(np.mean(shares))


def test_prefix_lm_keeps_documents_apart(corpus):
    """A packed segment's input and target together are part of one document."""
    batches = batches_of(corpus, "prefix_lm")
    places = {}
    for number in range(corpus.documents):
        document = corpus.document(number).tolist()
        for start in range(0, len(document), LENGTH - 2):
            piece = tuple(document[start : start + LENGTH - 2])
            places[piece] = places.get(piece, 0) + 1
    rows = len(batches.sources["corpus"])
    assert batches.sources["corpus"].examples == sum(places.values())
    found = {}
    for place in range(rows):
        batch = batches[place // 24]
        row = {name: array[place % 24] for name, array in batch.items()}
        assert row["encoder_segment_ids"].max() == row["decoder_segment_ids"].max()
        for segment in range(1, row["decoder_segment_ids"].max() + 1):
            inputs = row["encoder_input_tokens"][row["encoder_segment_ids"] == segment]
            targets = row["decoder_target_tokens"][row["decoder_segment_ids"] == segment]
            assert (inputs[-1], targets[-1]) == (1, 1)
            piece = (*inputs[:-1].tolist(), *targets[:-1].tolist())
            found[piece] = found.get(piece, 0) + 1
    assert found == places


def test_a_prefix_model_is_packed_as_tightly_as_documents_allow(tmp_path):
    """A single stack's row has the texts and two EOS each: here three documents share one."""
    rows_of_three = corpus_of(tmp_path, [[5] * 9] * 30)
    batch = batches_of(rows_of_three, "prefix_lm", architecture="prefix_lm")[0]
    assert batch["decoder_target_tokens"].shape == (24, LENGTH + 1)
    assert (batch["decoder_segment_ids"] == np.repeat([1, 2, 3], 11)).all()


def test_epochs_count_the_rows(corpus):
    """Steps times rows over the rows of an epoch."""
    batches = batches_of(corpus)
    assert batches.epochs(10) == pytest.approx(240 / len(batches.sources["corpus"]))


def test_corpora_are_mixed_by_their_rates(tmp_path):
    """Of two corpora the rates say how many rows come from each; each goes on in epochs."""
    low = corpus_of(tmp_path / "low", [list(range(10, 500))] * 8)
    high = corpus_of(tmp_path / "high", [list(range(510, 990))] * 2)
    batches = batches_of(
        {"low": (low, 0.75), "high": (high, 0.25)}, "lm", architecture="language_model"
    )
    first = np.concatenate([batches[i]["decoder_target_tokens"][:, 0] for i in range(100)])
    assert np.mean(first >= 510) == pytest.approx(0.25, abs=0.04)
    rows = len(batches.sources["high"])
    counts = np.unique(first[first >= 510][: 10 * rows], return_counts=True)[1]
    assert counts.sum() == 10 * rows
    assert batches.epochs(100, "high") == pytest.approx(2400 * 0.25 / rows)
    assert batches.epochs(100) == pytest.approx(2400 * 0.75 / len(batches.sources["low"]))


def test_examples_without_sentinels_left_are_counted(corpus):
    """Two sentinels do not do for i.i.d. corruption."""
    few = get_objective("iid", vocab_size=PIECES + 2, num_sentinels=2)
    batches = PretrainBatches(
        corpus, few, architecture="encoder_decoder", inputs_length=LENGTH, batch_size=24, seed=0
    )
    measured = batches.measure(range(2))
    assert measured.examples == 48
    assert measured.overflowed > 24


def test_truncated_targets_are_counted(corpus):
    """Targets that do not fit are cut before their EOS, and counted."""
    batches = batches_of(corpus, "iid")
    batches.layout = type(batches.layout)(
        architecture="encoder_decoder", inputs_length=LENGTH, targets_length=8
    )
    rows = batches[0]["decoder_target_tokens"]
    assert rows.shape == (24, 8)
    cut = int((rows[:, 7] == 1).sum())
    assert 0 < batches.measure([0]).truncated["targets"] <= cut


def test_a_mixture_s_shorter_targets_cut_documents(corpus):
    """Beside tasks with short targets a long document has a row of its own, and is cut there."""
    layout = Layout(architecture="encoder_decoder", inputs_length=LENGTH, targets_length=9)
    rows = CorpusRows(corpus, objective("prefix_lm"), layout, LENGTH - 1)
    batches = Batches({"text": rows}, {"text": 1.0}, layout, batch_size=24, seed=0)
    assert batches[0]["decoder_target_tokens"].shape == (24, 9)
    assert batches.measure([0]).truncated["targets"] > 0


@pytest.mark.parametrize(("rank", "world"), [(0, 5), (2, 2), (-1, 2)])
def test_ranks_that_cannot_share_a_batch(corpus, rank, world):
    """Equal shares only."""
    with pytest.raises(BatchError, match=f"rank {rank} of {world}"):
        batches_of(corpus).shard(rank, world)
