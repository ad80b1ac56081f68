"""Pieces of raw text from documents."""

from __future__ import annotations

import numpy as np
import pytest

from lab.pieces import aligned_chunk, join_documents, split_tokens


def test_documents_are_joined_in_groups():
    """Nothing stands between documents; the third one starts anew."""
    documents = [np.array([1, 2, 3]), np.array([4]), np.array([5, 6])]
    assert [text.tolist() for text in join_documents(documents, group=2)] == [[1, 2, 3, 4], [5, 6]]


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
