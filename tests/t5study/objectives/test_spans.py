"""Token sequences from a text and its mask, alone and side by side."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t5study.objectives.spans import (
    TokenRows,
    collapse,
    drop_noise_tokens,
    drop_nonnoise_tokens,
    labelled_runs,
    noise_span_to_sentinel,
    noise_span_to_unique_sentinel,
    noise_token_to_sentinel,
    nonnoise_span_to_sentinel,
    nonnoise_span_to_unique_sentinel,
    permute,
    select,
)

VOCAB = 1000

masked_texts = st.lists(st.tuples(st.integers(3, 899), st.booleans()), max_size=40)
batches = st.lists(masked_texts, min_size=1, max_size=6)


def one_by_one(text, replaced):
    """Replace the runs whose mask equals `replaced`, token after token."""
    result, sentinel = [], VOCAB
    for is_replaced, run in itertools.groupby(text, key=lambda pair: pair[1] == replaced):
        if is_replaced:
            sentinel -= 1
            result.append(sentinel)
        else:
            result.extend(token for token, _ in run)
    return result


def side_by_side(texts):
    lengths = np.array([len(text) for text in texts])
    tokens = np.full((len(texts), lengths.max()), 7, dtype=np.int32)
    mask = np.ones(tokens.shape, dtype=bool)
    for row, text in enumerate(texts):
        for column, (token, noise) in enumerate(text):
            tokens[row, column], mask[row, column] = token, noise
    rows = TokenRows.of(tokens, lengths)
    return rows, mask[:, : rows.width]


def texts_of(rows):
    assert not rows.tokens[np.arange(rows.width) >= rows.lengths[:, None]].any()
    return [row[:length].tolist() for row, length in zip(rows.tokens, rows.lengths, strict=True)]


@given(masked_texts)
def test_runs_become_sentinels(text):
    """Both kinds of runs are replaced as one would by hand."""
    tokens, mask = [token for token, _ in text], [noise for _, noise in text]
    inputs = noise_span_to_unique_sentinel(tokens, mask, VOCAB)
    targets = nonnoise_span_to_unique_sentinel(tokens, mask, VOCAB)
    assert inputs.dtype == targets.dtype == np.int32
    assert inputs.tolist() == one_by_one(text, True)
    assert targets.tolist() == one_by_one(text, False)


@given(masked_texts)
def test_runs_become_the_same_sentinel(text):
    """With one sentinel for all, only the numbering is lost."""
    tokens, mask = [token for token, _ in text], [noise for _, noise in text]
    for function, replaced in ((noise_span_to_sentinel, True), (nonnoise_span_to_sentinel, False)):
        numbered = one_by_one(text, replaced)
        expected = [token if token < 900 else VOCAB - 1 for token in numbered]
        assert function(tokens, mask, VOCAB).tolist() == expected


def test_noise_tokens_become_the_same_sentinel():
    """Each token of noise is replaced on its own."""
    replaced = noise_token_to_sentinel([5, 6, 7, 8], [1, 1, 0, 1], VOCAB)
    assert replaced.tolist() == [999, 999, 7, 999]


@given(masked_texts)
def test_dropping(text):
    """The noise and the rest part without a trace."""
    tokens, mask = [token for token, _ in text], [noise for _, noise in text]
    assert drop_noise_tokens(tokens, mask, VOCAB).tolist() == [t for t, noise in text if not noise]
    assert drop_nonnoise_tokens(tokens, mask, VOCAB).tolist() == [t for t, noise in text if noise]


@given(batches)
def test_batches_agree_with_single_texts(texts):
    """A row of a ragged batch comes out as it would alone, padded with 0."""
    rows, mask = side_by_side(texts)
    assert texts_of(collapse(rows, mask, VOCAB)) == [one_by_one(text, True) for text in texts]
    assert texts_of(collapse(rows, ~mask, VOCAB)) == [one_by_one(text, False) for text in texts]
    assert texts_of(select(rows, mask)) == [[t for t, noise in text if noise] for text in texts]


@given(batches)
def test_labelled_runs(texts):
    """Each run of noise is led by the sentinel that replaces it, and one more closes."""
    rows, mask = side_by_side(texts)
    expected = []
    for text in texts:
        ids, sentinel = [], VOCAB
        for noise, run in itertools.groupby(text, key=lambda pair: pair[1]):
            if noise:
                sentinel -= 1
                ids += [sentinel, *(token for token, _ in run)]
        expected.append([*ids, sentinel - 1])
    assert texts_of(labelled_runs(rows, mask, VOCAB)) == expected


@given(batches, st.integers(0, 2**32 - 1))
def test_permuting_keeps_the_tokens(texts, seed):
    """Each row keeps its own tokens, whatever the order."""
    rows, _ = side_by_side(texts)
    permuted = texts_of(permute(rows, np.random.default_rng(seed)))
    assert [sorted(ids) for ids in permuted] == [sorted(t for t, _ in text) for text in texts]


def test_every_order_is_equally_likely():
    """Of 4 tokens each of the 24 orders is drawn as often, beside a longer row too."""
    draws = 24000
    tokens = np.tile([5, 6, 7, 8, 0], (draws, 1))
    lengths = np.full(draws, 4)
    tokens[0], lengths[0] = [5, 6, 7, 8, 9], 5
    permuted = permute(TokenRows.of(tokens, lengths), np.random.default_rng(0)).tokens[1:, :4]
    _, counts = np.unique(permuted, axis=0, return_counts=True)
    assert len(counts) == 24
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000)


def test_the_callers_tokens_stay_as_they_are():
    """No function writes into the array it was given."""
    tokens = np.arange(10, 20, dtype=np.int32)
    tokens.flags.writeable = False
    inputs = noise_span_to_unique_sentinel(tokens, np.arange(10) % 2 == 1, VOCAB)
    assert inputs.tolist() == [10, 999, 12, 998, 14, 997, 16, 996, 18, 995]


def test_a_mask_of_another_length_is_refused():
    """Text and mask must agree."""
    with pytest.raises(ValueError, match=r"one shape \(L,\), got \(3,\), \(2,\)"):
        drop_noise_tokens([5, 6, 7], [True, False], VOCAB)


def test_impossible_lengths_are_refused():
    """A row cannot be longer than the batch is wide."""
    with pytest.raises(ValueError, match=r"within 0\.\.3.*got \[3, 4\]"):
        TokenRows.of(np.zeros((2, 3)), [3, 4])
