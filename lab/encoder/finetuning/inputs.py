"""Rows of a data set as one or two segments of pieces, cut to what an encoder reads of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lab.batching.ragged import Ragged
from lab.encoder.segments import SPECIALS, cut_pair
from lab.encoder.vocabulary import Pieces

Texts = Sequence[tuple[str, ...]]
"""The texts of each row's segments, of all rows as many."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """N inputs of one or two segments, without special pieces, and what is learned of each."""

    first: Ragged
    second: Ragged
    """Empty where there is one segment."""
    cut: np.ndarray
    """bool (N,): of which the data set's row holds more."""
    answers: Mapping[str, np.ndarray] = field(default_factory=dict)
    """What a loss reads, by name: an array (N, ...) each."""

    def __len__(self) -> int:
        return len(self.first.lengths)


def encoded(texts: Texts, pieces: Pieces, threads: int | None) -> list[list[np.ndarray]]:
    """The ids of each segment's texts, segment by segment."""
    return [pieces.encode_arrays(list(segment), threads) for segment in zip(*texts, strict=True)]


def cut_inputs(
    texts: Texts, pieces: Pieces, length: int, threads: int | None = None
) -> tuple[Ragged, Ragged, np.ndarray]:
    """First and second segments that with their special pieces have `length` at most; which lost.

    A pair loses pieces of the longer segment, at equality of the second.
    """
    first, *rest = encoded(texts, pieces, threads)
    second = rest[0] if rest else [np.zeros(0, np.int32)] * len(first)
    most = length - SPECIALS + (0 if rest else 1)
    kept = [cut_pair(len(a), len(b), most) for a, b in zip(first, second, strict=True)]
    cut = [len(a) + len(b) > most for a, b in zip(first, second, strict=True)]
    return (
        Ragged.of(a[:n] for a, (n, _) in zip(first, kept, strict=True)),
        Ragged.of(b[:n] for b, (_, n) in zip(second, kept, strict=True)),
        np.array(cut, dtype=bool),
    )
