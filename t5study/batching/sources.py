"""Where rows come from: a corpus under an objective, or the examples of a task.

A source offers a fixed number of rows; each holds whole examples and always the same raw text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from lab.batching.fitting import Company
from lab.batching.order import shuffled
from lab.batching.ragged import Ragged, gather, ranges
from lab.corpora.tokenized import TokenizedCorpus
from lab.pieces import JOINED_DOCUMENTS
from t5study.batching.layout import BatchError, Layout, row_bounds
from t5study.objectives.objective import Objective

PIECES_OF_A_GROUP = 64
"""Documents are joined until a group gives so many pieces: only its last one is short."""


class Examples(NamedTuple):
    """N examples without EOS; rows (N,) says which of the asked rows each is in, in order."""

    inputs: Ragged
    targets: Ragged
    rows: np.ndarray
    overflowed: int = 0
    """Examples that ran out of sentinels and kept their last runs uncorrupted."""


@dataclass(frozen=True)
class Pairs:
    """N examples of a task as token ids without EOS."""

    inputs: Ragged
    targets: Ragged

    @classmethod
    def of(cls, pairs: Iterable[tuple[Sequence[int], Sequence[int]]]) -> Pairs:
        """From (inputs, targets) of ids."""
        listed = list(pairs)
        return cls(Ragged.of(one for one, _ in listed), Ragged.of(other for _, other in listed))

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """All examples of several, in order."""
        if not parts:
            return cls.of([])
        inputs, targets = [part.inputs for part in parts], [part.targets for part in parts]
        return cls(Ragged.joined(inputs), Ragged.joined(targets))

    def __len__(self) -> int:
        return len(self.inputs.lengths)


class Rows(Protocol):
    """What a batch asks of a source."""

    full_width: bool
    """Whether its rows need the layout's widths, whichever are drawn."""

    def __len__(self) -> int:
        """How many rows an epoch has."""

    @property
    def examples(self) -> int:
        """How many examples all rows hold."""

    def read(self, rows: np.ndarray, rng: np.random.Generator) -> Examples:
        """The examples of rows (N,)."""

    def widest(self, rows: np.ndarray) -> np.ndarray:
        """The widths that rows (N,) need, as the layout's `widths`."""


class CorpusRows:
    """A corpus cut into pieces that an objective corrupts, one a row where it joins documents.

    Documents are joined in groups of 128 with nothing between them, in larger groups where they
    are short. An objective that takes each document for itself has in a row as many pieces as fit
    whatever the draw, of any documents. The short last piece of a group or document is kept.
    """

    full_width = True

    def __init__(
        self, corpus: TokenizedCorpus, objective: Objective, layout: Layout, raw_length: int
    ) -> None:
        if not len(corpus):
            raise BatchError("The corpus holds no token: nothing to train on.")
        self._corpus, self._objective = corpus, objective
        self._layout = layout
        pairs = layout.encoder and objective.pairs_texts
        # Two texts in a row have two EOS a side.
        self._raw = raw_length - 1 if pairs and raw_length > 1 else raw_length
        bounds = corpus.offsets
        if objective.joins_documents:
            group = _group(corpus, raw_length)
            bounds = np.append(bounds[:-1:group], bounds[-1])
        self._bounds = np.asarray(bounds)
        self._firsts = np.append(0, np.cumsum(-(-np.diff(self._bounds) // self._raw)))
        self._company = None if objective.joins_documents else self._fitted(pairs)

    def __len__(self) -> int:
        return self.examples if self._company is None else len(self._company)

    @property
    def examples(self) -> int:
        """How many pieces the corpus gives."""
        return int(self._firsts[-1])

    def read(self, rows: np.ndarray, rng: np.random.Generator) -> Examples:
        """The corrupted pieces of rows (N,)."""
        places, pieces, second = np.arange(len(rows)), rows, None
        if self._company is not None:
            pieces, places, second = self._company.pieces(rows)
        starts, lengths = self._pieces(pieces)
        tokens = self._corpus.read_padded(starts, lengths)
        made = self._objective.corrupt_batch(tokens, rng, lengths, second)
        return Examples(
            Ragged.of_padded(made.inputs, made.inputs_lengths),
            Ragged.of_padded(made.targets, made.targets_lengths),
            places,
            int(np.count_nonzero(made.overflowed)),
        )

    def widest(self, rows: np.ndarray) -> np.ndarray:
        """Always the full widths: how long an example is comes out only when it is drawn."""
        return np.array(self._layout.widths)

    def _pieces(self, pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where pieces (N,) begin in the corpus, and their lengths."""
        groups = np.searchsorted(self._firsts, pieces, side="right") - 1
        starts = self._bounds[groups] + self._raw * (pieces - self._firsts[groups])
        return starts, np.minimum(self._raw, self._bounds[groups + 1] - starts)

    def _fitted(self, pairs: bool) -> Company:
        _, lengths = self._pieces(np.arange(self.examples))
        if self._layout.encoder:
            # Neither side of an example is longer than its text with EOS.
            taken, limit = np.arange(self._raw + 1) + 1, min(self._layout.widths)
        else:
            (limit,) = self._layout.widths
            taken = np.array(
                [0] + [self._objective.row_length(n + 1) for n in range(1, self._raw + 1)]
            )
        return Company(lengths, taken, limit, pairs=pairs)


class ExampleRows:
    """A task's examples, shuffled once by the seed; packed, several to a row."""

    def __init__(
        self,
        pairs: Pairs,
        layout: Layout,
        *,
        packing: bool,
        seed: int,
    ) -> None:
        if not len(pairs):
            raise BatchError("A task without a single example: nothing to train on.")
        self._sides = (pairs.inputs, pairs.targets)
        self._starts = [np.cumsum(side.lengths) - side.lengths for side in self._sides]
        self._order = shuffled(np.arange(len(pairs)), len(pairs), seed)
        lengths = [side.lengths[self._order] for side in self._sides]
        self._lengths = layout.closed_lengths(*lengths)
        self._layout = layout
        self._packed = row_bounds(self._lengths, layout.widths) if packing else None
        self.full_width = packing

    def __len__(self) -> int:
        return len(self._lengths) if self._packed is None else len(self._packed) - 1

    @property
    def examples(self) -> int:
        """How many examples the task has."""
        return len(self._lengths)

    def read(self, rows: np.ndarray, rng: np.random.Generator) -> Examples:
        """The examples of rows (N,)."""
        places = np.arange(len(rows))
        if self._packed is not None:
            firsts = self._packed[rows]
            counts = self._packed[rows + 1] - firsts
            places = np.repeat(places, counts)
            rows = np.repeat(firsts, counts) + ranges(counts)
        chosen = self._order[rows]
        inputs, targets = (
            gather(side.tokens, starts[chosen], side.lengths[chosen])
            for side, starts in zip(self._sides, self._starts, strict=True)
        )
        return Examples(inputs, targets, places)

    def widest(self, rows: np.ndarray) -> np.ndarray:
        """The longest example's widths; the full ones where rows are packed."""
        if self._packed is not None:
            return np.array(self._layout.widths)
        return self._lengths[rows].max(axis=0)


def _group(corpus: TokenizedCorpus, raw_length: int) -> int:
    mean = len(corpus) / corpus.documents
    return max(JOINED_DOCUMENTS, round(PIECES_OF_A_GROUP * raw_length / mean))
