"""Rows of a data set as one or two segments of pieces, cut to what an encoder reads of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    """bool (rows,): which rows of the data set hold more than is read of them."""
    answers: Mapping[str, np.ndarray]
    """What a loss reads, by name: an array (N, ...) each."""
    choices: int = 1
    """So many inputs behind one another are the options of one row: answers are (N / choices, ...)
    then."""

    def __len__(self) -> int:
        return len(self.first.lengths)


def whole_rows(
    texts: Texts,
    answers: Mapping[str, np.ndarray],
    pieces: Pieces,
    length: int,
    threads: int | None = None,
) -> Inputs:
    """An input of each row, that with its special pieces has `length` at most.

    A pair loses pieces of the longer segment, at equality of the second.
    """
    first, *rest = (pieces.encode_arrays(list(one), threads) for one in zip(*texts, strict=True))
    second = rest[0] if rest else [np.zeros(0, np.int32)] * len(first)
    most = length - SPECIALS + (0 if rest else 1)
    kept = [cut_pair(len(a), len(b), most) for a, b in zip(first, second, strict=True)]
    return Inputs(
        first=Ragged.of(a[:n] for a, (n, _) in zip(first, kept, strict=True)),
        second=Ragged.of(b[:n] for b, (_, n) in zip(second, kept, strict=True)),
        cut=np.array([len(a) + len(b) > most for a, b in zip(first, second, strict=True)]),
        answers=answers,
    )
