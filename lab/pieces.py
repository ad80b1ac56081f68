"""From tokenized documents to the pieces of raw text that an objective corrupts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

CHUNK_LENGTH = 65536
JOINED_DOCUMENTS = 128


def aligned_chunk(
    tokens: np.ndarray, rng: np.random.Generator, chunk_length: int = CHUNK_LENGTH
) -> np.ndarray:
    """Picks one of a document's consecutive chunks of `chunk_length` tokens at random."""
    chunks = split_tokens(tokens, chunk_length)
    return chunks[rng.integers(len(chunks))] if len(chunks) > 1 else tokens


def join_documents(
    documents: Iterable[np.ndarray], group: int = JOINED_DOCUMENTS
) -> Iterator[np.ndarray]:
    """Puts each `group` of consecutive documents together, with no EOS between them."""
    waiting = iter(documents)
    while joined := list(itertools.islice(waiting, group)):
        yield np.concatenate(joined)


def split_tokens(tokens: np.ndarray, max_tokens_per_segment: int) -> list[np.ndarray]:
    """Splits tokens (L,) into segments of that many tokens, the last as long as what is left.

    Raises ValueError for segments of no tokens.
    """
    if max_tokens_per_segment < 1:
        raise ValueError(
            f"max_tokens_per_segment={max_tokens_per_segment} cannot hold a token: give at least 1."
        )
    return [
        tokens[start : start + max_tokens_per_segment]
        for start in range(0, len(tokens), max_tokens_per_segment)
    ]


def split_tokens_to_targets_length(
    tokens: np.ndarray, targets_length: int, add_eos: bool = True
) -> list[np.ndarray]:
    """Splits tokens (L,) into segments that fill `targets_length`, with room for EOS if added."""
    return split_tokens(tokens, targets_length - 1 if add_eos else targets_length)
