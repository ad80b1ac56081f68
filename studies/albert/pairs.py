"""Pairs of segments out of lines: two that follow one another, swapped, or from two documents.

Letters: B rows read, T positions, R pairs, C chunks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.encoder.lines import Lines
from lab.encoder.rows import RowsOfText, Stretches, chunk_ends
from lab.encoder.segments import SPECIALS, cut_pairs
from lab.errors import DataError
from studies.albert.sentence_loss import SentenceLoss
from studies.albert.singles import get_singles

LEAST = 2
"""Pieces of the shortest pair."""
Mask = NDArray[np.bool_]
Spans = np.ndarray
"""int64 (R, 2): where stretches of the text's pieces begin and end."""


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The two segments of each row before they are cut, and how they came about."""

    first: Spans
    second: Spans
    foreign: Mask
    """Whether the second one is from another document (R,)."""

    def of(self, which: Mask) -> Pairs:
        """Some of them."""
        return Pairs(
            first=self.first[which], second=self.second[which], foreign=self.foreign[which]
        )


class PairRows(RowsOfText):
    """Rows of two segments with a label, the same ones for the same seed.

    Lines of one document are gathered until they have `longest` pieces with the special ones; in a
    share `short` of the documents some fewer, the same number in all of a document. A chunk of
    lines is parted at the end of one of them; what becomes of a chunk of one line is `singles`, a
    file of studies/albert/singles/. The text is gone through `passes` times, each with parts, swaps
    and other documents of its own. Raises DataError for text that makes no pairs.
    """

    def __init__(
        self,
        lines: Lines,
        sentence_loss: SentenceLoss,
        *,
        longest: int,
        short: float = 0.1,
        singles: str = "split",
        passes: int = 1,
        seed: int = 0,
    ) -> None:
        if longest < LEAST + SPECIALS:
            raise DataError(
                f"Rows of {longest} pieces hold no two segments: {LEAST + SPECIALS} or more do."
            )
        made = []
        for number in range(passes):
            rng = np.random.default_rng((seed, number))
            pairs = paired(lines, sentence_loss, longest - SPECIALS, short, singles, rng)
            swapped = ~pairs.foreign & (rng.random(len(pairs.foreign)) < sentence_loss.swapped)
            labels = sentence_loss.label(pairs.foreign, swapped)
            made.append((*cut(placed(pairs, swapped), longest - SPECIALS, rng), labels, pairs))
        first, second, labels = (np.concatenate([one[n] for one in made]) for n in range(3))
        if not len(labels):
            raise DataError("There is no text of two sentences, or of one that can be parted.")
        self.labels = labels
        """int64 (R,): 1 where the second segment does not follow the first."""
        self.foreign = float(np.concatenate([one[3].foreign for one in made]).mean())
        """Share of the rows whose second segment is from another document."""
        super().__init__(lines, stretches_of(first, second))

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Rows as RowsOfText reads them, and their `label` (B,)."""
        return super().read(indices) | {"label": self.labels[np.asarray(indices)]}


def paired(
    lines: Lines,
    sentence_loss: SentenceLoss,
    most: int,
    short: float,
    singles: str,
    rng: np.random.Generator,
) -> Pairs:
    """Segments of rows of at most `most` pieces, a chunk of each document at a time.

    Where the second segment is from another document, its place's lines begin the next chunk.
    """
    offsets, starts = lines.corpus.offsets, lines.documents[:-1]
    own = np.arange(len(starts))
    targets = targets_of(len(starts), most, short, rng)
    at, made = starts.copy(), []
    while len(own):
        end = chunk_ends(offsets, at, targets[own], lines.documents[own + 1])
        count = end - at
        parted = at + 1 + (rng.random(len(at)) * (count - 1)).astype(np.int64)
        first = np.stack([offsets[at], offsets[parted]], axis=1)
        second = np.stack([offsets[parted], offsets[end]], axis=1)
        foreign = rng.random(len(at)) < sentence_loss.foreign
        pairs = Pairs(first=first, second=second, foreign=foreign)
        kept = get_singles(singles)(pairs, count == 1, rng)
        goals = targets[own] - (pairs.first[:, 1] - pairs.first[:, 0])
        pairs.second[pairs.foreign] = elsewhere(lines, own, goals, pairs.foreign, rng)
        made.append(pairs.of(kept))
        at = np.where(pairs.foreign, parted, end)
        unfinished = at < lines.documents[own + 1]
        own, at = own[unfinished], at[unfinished]
    return Pairs(
        first=np.concatenate([one.first for one in made]),
        second=np.concatenate([one.second for one in made]),
        foreign=np.concatenate([one.foreign for one in made]),
    )


def targets_of(documents: int, most: int, short: float, rng: np.random.Generator) -> np.ndarray:
    """How many pieces the chunks of each document are gathered to: `most`, or any length."""
    drawn = rng.integers(LEAST, most + 1, size=documents)
    return np.where(rng.random(documents) < short, drawn, most)


def elsewhere(
    lines: Lines, own: np.ndarray, goals: np.ndarray, wanted: Mask, rng: np.random.Generator
) -> Spans:
    """Text from a random line on of another document than `own` (C,), for the chunks `wanted`.

    One line at least, and lines until they have `goals` (C,) pieces or their document ends. Raises
    DataError where there is no other document.
    """
    own, goals = own[wanted], goals[wanted]
    documents = len(lines.documents) - 1
    if len(own) and documents < 2:
        raise DataError(
            "A second segment from another document is asked for, and the text is one document. "
            "Give a corpus of more, or sentence_loss=sop with rows.singles=split."
        )
    other = rng.integers(max(1, documents - 1), size=len(own))
    other += other >= own
    begin, end = lines.documents[other], lines.documents[other + 1]
    begin = begin + (rng.random(len(own)) * (end - begin)).astype(np.int64)
    offsets = lines.corpus.offsets
    behind = chunk_ends(offsets, begin, np.maximum(1, goals), end)
    return np.stack([offsets[begin], offsets[behind]], axis=1)


def placed(pairs: Pairs, swapped: Mask) -> tuple[Spans, Spans]:
    """First and second segments, where some pairs are swapped."""
    turned = swapped[:, None]
    return (
        np.where(turned, pairs.second, pairs.first),
        np.where(turned, pairs.first, pairs.second),
    )


def cut(segments: tuple[Spans, Spans], most: int, rng: np.random.Generator) -> tuple[Spans, Spans]:
    """Segments that together have `most` pieces at most; each piece goes at a random end."""
    firsts, seconds = (one[:, 1] - one[:, 0] for one in segments)
    left, rest = cut_pairs(firsts, seconds, most)
    first, second = segments
    return _shortened(first, firsts - left, rng), _shortened(second, seconds - rest, rng)


def stretches_of(first: Spans, second: Spans) -> Stretches:
    """Rows of two segments each, that stand anywhere in the text."""
    both = np.stack([first, second], axis=1)
    sizes = both[..., 1] - both[..., 0]
    return Stretches(
        starts=both[..., 0].ravel(),
        sizes=sizes.ravel(),
        bounds=2 * np.arange(len(both) + 1),
        firsts=sizes[:, 0],
        lengths=sizes.sum(1) + SPECIALS,
    )


def _shortened(spans: Spans, pieces: np.ndarray, rng: np.random.Generator) -> Spans:
    at_front = rng.binomial(pieces, 0.5)
    return np.stack([spans[:, 0] + at_front, spans[:, 1] - (pieces - at_front)], axis=1)
