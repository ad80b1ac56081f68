"""Pieces of raw text from documents."""

from __future__ import annotations

import numpy as np
import pytest

from lab.pieces import aligned_chunk, raw_pieces, split_tokens


def documents(*lengths):
    ends = np.cumsum(lengths)
    return [np.arange(end - length, end) for length, end in zip(lengths, ends, strict=True)]


def pieces_of(documents, joins_documents):
    pieces = raw_pieces(documents, 4, joins_documents=joins_documents, rng=np.random.default_rng(0))
    return [piece.tolist() for piece in pieces]


def test_joined_documents_are_cut_across_their_borders():
    """Nothing stands between documents, and the short last piece is kept."""
    assert pieces_of(documents(3, 5, 1), True) == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]


def test_documents_that_are_not_joined_keep_their_borders():
    """Each document has a short last piece of its own."""
    assert pieces_of(documents(3, 5), False) == [[0, 1, 2], [3, 4, 5, 6], [7]]


def test_documents_are_joined_in_groups_of_128():
    """The 129th document starts anew."""
    assert [len(piece) for piece in pieces_of(documents(*[1] * 129), True)] == [4] * 32 + [1]


def test_one_aligned_chunk_of_a_long_document():
    """Each consecutive chunk is drawn as often, the short last one too."""
    rng = np.random.default_rng(0)
    drawn = [tuple(aligned_chunk(np.arange(5), rng, chunk_length=2)) for _ in range(600)]
    assert set(drawn) == {(0, 1), (2, 3), (4,)}
    assert all(150 < drawn.count(chunk) < 250 for chunk in set(drawn))


def test_segments_without_tokens_are_refused():
    """A segment holds a token at least."""
    with pytest.raises(ValueError, match="max_tokens_per_segment=0"):
        split_tokens(np.arange(3), 0)
