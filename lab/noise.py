"""Noise masks: which tokens of a text an objective corrupts.

Shape letters: B texts of a batch, L raw tokens of the longest one. A mask is True on noise and
False on everything beyond a text's own length.
"""

from __future__ import annotations

import bisect

import numpy as np


def iid_noise_mask(length: int, noise_density: float, rng: np.random.Generator) -> np.ndarray:
    """Marks each of `length` tokens as noise on its own with probability `noise_density` (3.1.4).

    Returns bool (length,).
    """
    return iid_noise_masks(np.array([length]), length, noise_density, rng)[0]


def random_spans_noise_mask(
    length: int, noise_density: float, mean_noise_span_length: float, rng: np.random.Generator
) -> np.ndarray:
    """Marks an exact number of tokens as noise, in an exact number of random spans (3.3.4).

    The first token is never noise and the last always is; a text of one token gets no noise, and
    at a density of 0 no text does. Returns bool (length,).
    """
    lengths = np.array([length])
    return random_spans_noise_masks(lengths, length, noise_density, mean_noise_span_length, rng)[0]


def random_prefix_noise_mask(length: int, rng: np.random.Generator) -> np.ndarray:
    """Marks a prefix whose length is uniform on 1..length-1 (3.2.3); one token gets no prefix.

    Returns bool (length,).
    """
    return random_prefix_noise_masks(np.array([length]), length, rng)[0]


def random_spans_counts(
    lengths: np.ndarray | int, noise_density: float, mean_noise_span_length: float
) -> tuple[np.ndarray, np.ndarray]:
    """Counts the noise tokens and noise spans of texts of the given lengths.

    In float32 and half to even, as the published runs counted: 190 tokens at 15% hold 29 noise
    tokens where float64 says 28. At a density of 0 there is no noise. Both results have the shape
    of `lengths`.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    tokens, spans = _counts_asked(lengths, noise_density, mean_noise_span_length)
    # Every span and every gap before one holds at least one token.
    return tokens, np.minimum(spans, np.minimum(tokens, lengths - tokens))


def _counts_asked(
    lengths: np.ndarray, noise_density: float, mean_noise_span_length: float
) -> tuple[np.ndarray, np.ndarray]:
    """Noise tokens, and the spans that their mean length asks for, whether or not these fit."""
    if noise_density == 0:
        return np.zeros_like(lengths), np.zeros_like(lengths)
    tokens = np.rint(lengths.astype(np.float32) * np.float32(noise_density)).astype(np.int64)
    tokens = np.maximum(np.minimum(np.maximum(tokens, 1), lengths - 1), 0)
    spans = np.rint(tokens.astype(np.float32) / np.float32(mean_noise_span_length))
    return tokens, np.maximum(spans.astype(np.int64), 1)


def random_spans_lengths(
    inputs_length: int, noise_density: float, mean_noise_span_length: float
) -> tuple[int, int]:
    """Gives the raw tokens to take so that corrupted inputs with EOS just fill `inputs_length`.

    Returns (raw tokens, targets length with EOS), in tokens. Of several raw lengths that fit, the
    longest is taken. Counted are the spans that the mean length asks for, also where a mask holds
    fewer because they do not fit: then inputs stay shorter. At a density of exactly one half
    targets could come out one token longer than `inputs_length`; then both results are one less.
    Both as the released code had it.

    Raises ValueError where not even one token fits.
    """
    if inputs_length < 2:
        raise ValueError(
            f"inputs_length={inputs_length} leaves no room for a token and EOS: give at least 2."
        )

    def counts(tokens_length: int) -> tuple[int, int]:
        lengths = np.array(tokens_length, dtype=np.int64)
        tokens, spans = _counts_asked(lengths, noise_density, mean_noise_span_length)
        return int(tokens), int(spans) if tokens else 0

    def corrupted_length(tokens_length: int) -> int:
        tokens, spans = counts(tokens_length)
        return tokens_length - tokens + spans + 1

    beyond = 2 * inputs_length
    while corrupted_length(beyond) <= inputs_length:
        beyond *= 2
    tokens_length = bisect.bisect_right(range(beyond), inputs_length, key=corrupted_length) - 1
    tokens, spans = counts(tokens_length)
    targets_length = tokens + spans + 1
    if noise_density == 0.5 and targets_length > inputs_length:
        return tokens_length - 1, targets_length - 1
    return tokens_length, targets_length


def iid_noise_masks(
    lengths: np.ndarray, width: int, noise_density: float, rng: np.random.Generator
) -> np.ndarray:
    """Draws `iid_noise_mask` for texts of `lengths` (B,) side by side: bool (B, width)."""
    draws = rng.random((len(lengths), width), dtype=np.float32)
    return _inside(draws < np.float32(noise_density), lengths)


def random_prefix_noise_masks(
    lengths: np.ndarray, width: int, rng: np.random.Generator
) -> np.ndarray:
    """Draws `random_prefix_noise_mask` for texts of `lengths` (B,): bool (B, width)."""
    lengths = np.asarray(lengths, dtype=np.int64)
    splits = rng.integers(np.clip(lengths - 1, 0, 1), np.maximum(lengths, 1))
    return np.arange(width) < splits[:, None]


def paired_prefix_noise_masks(
    lengths: np.ndarray, second: np.ndarray, width: int, rng: np.random.Generator
) -> np.ndarray:
    """Draws prefixes of texts of `lengths` (B,), a pair's together: bool (B, width).

    Each text's cut is uniform on 1..L-1 as in `random_prefix_noise_mask`. A text marked in
    `second` is cut as far from its end as the one before it from its beginning, in proportion, so
    that neither the pair's prefixes nor its remainders together are longer than the first text.
    """
    cuts = np.maximum(np.asarray(lengths, dtype=np.int64) - 1, 0)
    drawn = rng.random(np.count_nonzero(~second))[np.cumsum(~second) - 1]
    splits = np.floor(drawn * cuts).astype(np.int64)
    splits = np.where(second, cuts - splits, splits + (cuts > 0))
    return np.arange(width) < splits[:, None]


def random_spans_noise_masks(
    lengths: np.ndarray,
    width: int,
    noise_density: float,
    mean_noise_span_length: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draws `random_spans_noise_mask` for texts of `lengths` (B,): bool (B, width)."""
    lengths = np.asarray(lengths, dtype=np.int64)
    noisy_lengths = lengths[lengths > 1]
    mask = np.zeros((len(lengths), width), dtype=bool)
    if not len(noisy_lengths) or noise_density == 0:
        return mask
    tokens, spans = random_spans_counts(noisy_lengths, noise_density, mean_noise_span_length)
    runs = np.empty((int(spans.sum()), 2), dtype=np.int64)
    runs[:, 0] = _random_segments(noisy_lengths - tokens, spans, rng)
    runs[:, 1] = _random_segments(tokens, spans, rng)
    alternating = np.zeros(runs.shape, dtype=bool)
    alternating[:, 1] = True
    flat = np.repeat(alternating.ravel(), runs.ravel())
    if len(flat) == mask.size:
        return flat.reshape(mask.shape)
    mask[np.arange(width) < np.where(lengths > 1, lengths, 0)[:, None]] = flat
    return mask


def _inside(mask: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    width = mask.shape[1]
    if np.all(lengths == width):
        return mask
    return mask & (np.arange(width) < np.asarray(lengths)[:, None])


def _random_segments(
    items: np.ndarray, segments: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Cuts `items` (B,) into `segments` (B,) non-empty parts, every way equally likely.

    Returns the parts' sizes, row after row: (sum of segments,).
    """
    rows, width = len(items), int(items.max())
    ends = np.zeros((rows, width), dtype=bool)
    ends[np.arange(rows), items - 1] = True
    cuts = segments - 1
    if cuts.any():
        ends[:, :-1] |= _lowest(_distinct_keys(items - 1, width - 1, rng), cuts)
    positions = np.flatnonzero(ends)
    sizes = np.diff(positions, prepend=-1)
    # A row shorter than the widest leaves a gap before the first part of the next row.
    sizes[np.cumsum(segments)[:-1]] -= (width - items)[:-1]
    return sizes


def _lowest(keys: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Marks the `counts` (B,) lowest of each row's distinct uint64 keys: bool (B, width)."""
    # The upper halves tell them apart, at a sixth of the time, but in one row of ten million.
    halves = (keys >> np.uint64(32)).astype(np.uint32)
    marked = _up_to_the_lowest(halves, counts)
    if np.array_equal(np.count_nonzero(marked, axis=1), counts):
        return marked
    return _up_to_the_lowest(keys, counts)


def _up_to_the_lowest(keys: np.ndarray, counts: np.ndarray) -> np.ndarray:
    last = np.maximum(counts - 1, 0)
    ordered = np.partition(keys, np.unique(last), axis=1)
    threshold = np.take_along_axis(ordered, last[:, None], axis=1)
    return (keys <= threshold) & (counts > 0)[:, None]


def _distinct_keys(lengths: np.ndarray, width: int, rng: np.random.Generator) -> np.ndarray:
    """Draws random uint64 keys (B, width), never equal within a row.

    Keys beyond a row's length are higher than all of its own.
    """
    columns = np.arange(width, dtype=np.uint64)
    column_bits = np.uint64((1 << (width - 1).bit_length()) - 1)
    keys = rng.integers(0, 2**64, size=(len(lengths), width), dtype=np.uint64)
    keys &= ~column_bits
    keys |= columns
    if (lengths < width).any():
        keys[np.arange(width) >= lengths[:, None]] |= ~column_bits
    return keys
