"""From a text and its noise mask to token sequences, one text or a batch of them at a time.

The batched forms work on `TokenRows`, texts of different lengths side by side. The forms for one
text call the batched ones with a single row, so that both give the same.

Shape letters: B texts of a batch, L tokens of the longest one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

# Padding, EOS and the unknown token are never drawn as ordinary ids.
FIRST_ORDINARY_ID = 3


@dataclass(frozen=True)
class TokenRows:
    """Token sequences of one batch: tokens int32 (B, L) padded with 0, lengths (B,)."""

    tokens: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, tokens: ArrayLike, lengths: ArrayLike | None = None) -> TokenRows:
        """Takes tokens (B, L), of which a row's first `lengths` count (all, where not given)."""
        ids = np.array(tokens, dtype=np.int32)
        if ids.ndim != 2:
            raise ValueError(f"Expected tokens of shape (B, L), got {ids.shape}.")
        if lengths is None:
            return cls(ids, np.full(len(ids), ids.shape[1], dtype=np.int64))
        counts = np.asarray(lengths, dtype=np.int64)
        if counts.shape != ids.shape[:1] or (counts < 0).any() or (counts > ids.shape[1]).any():
            raise ValueError(
                f"lengths must hold {len(ids)} numbers within 0..{ids.shape[1]}, one for each row "
                f"of tokens; got {counts.tolist()}."
            )
        rows = cls(ids[:, : counts.max(initial=0)], counts)
        rows.tokens[~rows.inside(np.ones(rows.tokens.shape, dtype=bool))] = 0
        return rows

    @property
    def width(self) -> int:
        """Tokens of the widest row, padding included."""
        return int(self.tokens.shape[1])

    def inside(self, mask: np.ndarray) -> np.ndarray:
        """Restricts a bool mask (B, L) to each row's own tokens."""
        if np.all(self.lengths == self.width):
            return mask
        return mask & (np.arange(self.width) < self.lengths[:, None])


def select(rows: TokenRows, keep: np.ndarray) -> TokenRows:
    """Keeps the tokens marked in `keep` (B, L), in order."""
    keep = rows.inside(keep)
    lengths = np.count_nonzero(keep, axis=1)
    width = int(lengths.max(initial=0))
    # Several times as fast as tokens[keep], which stumbles over random masks.
    flat = rows.tokens.reshape(-1).take(np.flatnonzero(keep))
    if len(flat) == len(lengths) * width:
        return TokenRows(flat.reshape(len(lengths), width), lengths)
    tokens = np.zeros((len(lengths), width), dtype=np.int32)
    tokens[np.arange(width) < lengths[:, None]] = flat
    return TokenRows(tokens, lengths)


def run_starts(mask: np.ndarray) -> np.ndarray:
    """Marks the first token of every run of True in a mask (B, L)."""
    starts = mask.copy()
    starts[:, 1:] &= ~mask[:, :-1]
    return starts


def collapse(
    rows: TokenRows, runs: np.ndarray, vocab_size: int, *, unique: bool = True
) -> TokenRows:
    """Replaces every run of True in `runs` (B, L) by one sentinel.

    Unique ones count down from `vocab_size - 1` in each row; else all are that one.
    """
    runs = rows.inside(runs)
    starts = run_starts(runs)
    positions = np.flatnonzero(starts)
    tokens = rows.tokens.copy()
    tokens.reshape(-1)[positions] = vocab_size - 1
    if unique:
        counts = np.count_nonzero(starts, axis=1)
        earlier_rows = np.repeat(np.cumsum(counts) - counts, counts)
        tokens.reshape(-1)[positions] -= np.arange(len(positions)) - earlier_rows
    return select(TokenRows(tokens, rows.lengths), starts | ~runs)


def labelled_runs(rows: TokenRows, runs: np.ndarray, vocab_size: int) -> TokenRows:
    """Keeps the runs of True in `runs` (B, L), each led by its own sentinel, and a closing one.

    The i-th run's sentinel is the one that `collapse` puts in its place.
    """
    # An uncorrupted token on either side of the text makes the uncorrupted runs begin before the
    # first corrupted one and end after the last: collapsing them gives exactly the wanted form.
    outer = (len(rows.tokens), 1)
    tokens = np.concatenate([np.zeros(outer, np.int32), rows.tokens, np.zeros(outer, np.int32)], 1)
    runs = rows.inside(runs)
    runs = np.concatenate([np.zeros(outer, bool), runs, np.zeros(outer, bool)], 1)
    return collapse(TokenRows(tokens, rows.lengths + 2), ~runs, vocab_size)


def permute(rows: TokenRows, rng: np.random.Generator) -> TokenRows:
    """Puts each row's tokens in random order, every order equally likely."""
    # Sorting keys that end in the token itself saves looking tokens up by their new order.
    token_bits = np.uint64((1 << int(rows.tokens.max(initial=0)).bit_length()) - 1)
    keys = rng.integers(0, 2**64, size=rows.tokens.shape, dtype=np.uint64)
    keys &= ~token_bits
    keys |= rows.tokens.astype(np.uint64)
    if (rows.lengths < rows.width).any():
        keys[~rows.inside(np.ones(keys.shape, dtype=bool))] |= ~token_bits
    keys.sort(axis=1)
    return TokenRows((keys & token_bits).astype(np.int32), rows.lengths)


def noise_span_to_unique_sentinel(
    tokens: ArrayLike, noise_mask: ArrayLike, vocab_size: int
) -> np.ndarray:
    """Replaces each run of noise by one sentinel; the first is `vocab_size - 1`, then downwards.

    Takes (L,) and (L,), returns int32 of at most L ids.
    """
    rows, mask = _one_row(tokens, noise_mask)
    return collapse(rows, mask, vocab_size).tokens[0]


def nonnoise_span_to_unique_sentinel(
    tokens: ArrayLike, noise_mask: ArrayLike, vocab_size: int
) -> np.ndarray:
    """Replaces each run of uncorrupted tokens by one sentinel, numbered as above.

    Takes (L,) and (L,), returns int32 of at most L ids.
    """
    rows, mask = _one_row(tokens, noise_mask)
    return collapse(rows, ~mask, vocab_size).tokens[0]


def noise_span_to_sentinel(tokens: ArrayLike, noise_mask: ArrayLike, vocab_size: int) -> np.ndarray:
    """Replaces each run of noise by the one sentinel `vocab_size - 1`; (L,) to at most (L,)."""
    rows, mask = _one_row(tokens, noise_mask)
    return collapse(rows, mask, vocab_size, unique=False).tokens[0]


def nonnoise_span_to_sentinel(
    tokens: ArrayLike, noise_mask: ArrayLike, vocab_size: int
) -> np.ndarray:
    """Replaces each uncorrupted run by the one sentinel `vocab_size - 1`; (L,) to at most (L,)."""
    rows, mask = _one_row(tokens, noise_mask)
    return collapse(rows, ~mask, vocab_size, unique=False).tokens[0]


def noise_token_to_sentinel(
    tokens: ArrayLike, noise_mask: ArrayLike, vocab_size: int
) -> np.ndarray:
    """Replaces each noise token by the one sentinel `vocab_size - 1`; int32 of any shape."""
    return np.where(noise_mask, np.int32(vocab_size - 1), np.asarray(tokens, dtype=np.int32))


def noise_token_to_random_token_or_sentinel(
    tokens: ArrayLike,
    noise_mask: ArrayLike,
    vocab_size: int,
    rng: np.random.Generator,
    *,
    random_share: float,
) -> np.ndarray:
    """Replaces a share of the noise tokens by random ids, the others by the sentinel.

    Random ids are all but the reserved ones, sentinels among them, as in the released code.
    Returns int32 of the tokens' shape.
    """
    noise = np.flatnonzero(noise_mask)
    replaced = np.array(tokens, dtype=np.int32)
    ids = rng.integers(FIRST_ORDINARY_ID, vocab_size, len(noise), dtype=np.int32)
    is_random = rng.random(len(noise)) < random_share
    replaced.reshape(-1)[noise] = np.where(is_random, ids, vocab_size - 1)
    return replaced


def drop_noise_tokens(tokens: ArrayLike, noise_mask: ArrayLike, vocab_size: int) -> np.ndarray:
    """Leaves the noise out; `vocab_size` is there so that all four functions are called alike."""
    rows, mask = _one_row(tokens, noise_mask)
    return select(rows, ~mask).tokens[0]


def drop_nonnoise_tokens(tokens: ArrayLike, noise_mask: ArrayLike, vocab_size: int) -> np.ndarray:
    """Leaves only the noise; `vocab_size` is there so that all four functions are called alike."""
    rows, mask = _one_row(tokens, noise_mask)
    return select(rows, mask).tokens[0]


def permute_noise_tokens(
    tokens: ArrayLike, noise_mask: ArrayLike, rng: np.random.Generator
) -> np.ndarray:
    """Puts the noise tokens in random order and leaves the others where they are.

    Takes (L,) and (L,), returns int32 (L,).
    """
    rows, mask = _one_row(tokens, noise_mask)
    permuted = rows.tokens[0].copy()
    permuted[mask[0]] = permute(select(rows, mask), rng).tokens[0]
    return permuted


def _one_row(tokens: ArrayLike, noise_mask: ArrayLike) -> tuple[TokenRows, np.ndarray]:
    ids, mask = np.asarray(tokens, dtype=np.int32), np.asarray(noise_mask, dtype=bool)
    if ids.ndim != 1 or ids.shape != mask.shape:
        raise ValueError(
            f"Expected tokens and a noise mask of one shape (L,), got {ids.shape}, {mask.shape}."
        )
    return TokenRows.of(ids[None]), mask[None]
