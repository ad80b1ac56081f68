"""Token sequences of different lengths end to end, and the index arithmetic that goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from lab.vocabulary import EOS


class Ragged(NamedTuple):
    """N sequences: tokens (sum of lengths,) end to end, and lengths (N,)."""

    tokens: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, sequences: Iterable[Sequence[int] | np.ndarray]) -> Ragged:
        """Put sequences of ids end to end."""
        arrays = [np.asarray(sequence, dtype=np.int32) for sequence in sequences]
        lengths = np.array([len(array) for array in arrays], dtype=np.int64)
        return cls(np.concatenate(arrays or [np.zeros(0, np.int32)]), lengths)

    @classmethod
    def of_padded(cls, tokens: np.ndarray, lengths: np.ndarray) -> Ragged:
        """Take the first `lengths` (N,) of each row of tokens (N, L)."""
        width = tokens.shape[1]
        if (lengths == width).all():
            return cls(tokens.reshape(-1), lengths)
        inside = np.arange(width) < lengths[:, None]
        return cls(tokens.reshape(-1).take(np.flatnonzero(inside)), lengths)

    @classmethod
    def joined(cls, parts: Sequence[Ragged]) -> Ragged:
        """All sequences of several, in order."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([p.tokens for p in parts]), np.concatenate([p.lengths for p in parts])
        )

    def closed(self, limit: int, *, close_empty: bool = True) -> Ragged:
        """Cut to `limit` tokens with an EOS at the end of each, which always stays.

        Sequences without any token get none where `close_empty` is False.
        """
        lengths = np.minimum(self.lengths, limit - 1)
        ends = np.ones_like(lengths) if close_empty else (lengths > 0).astype(np.int64)
        kept = self.tokens
        if len(kept) != lengths.sum():
            kept = gather(kept, np.cumsum(self.lengths) - self.lengths, lengths).tokens
        closed_lengths = lengths + ends
        tokens = np.full(int(closed_lengths.sum()), EOS, dtype=np.int32)
        # The n-th sequence's tokens move along by the EOS of those before it.
        tokens[np.arange(len(kept)) + np.repeat(np.cumsum(ends) - ends, lengths)] = kept
        return Ragged(tokens, closed_lengths)


def ranges(lengths: np.ndarray) -> np.ndarray:
    """0 .. length - 1 for each of `lengths` (N,), end to end."""
    starts = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) - np.repeat(starts, lengths)


def gather(tokens: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> Ragged:
    """The stretches of `tokens` that begin at `starts` (N,) and have `lengths` (N,)."""
    return Ragged(tokens[np.repeat(starts, lengths) + ranges(lengths)], lengths)
