"""Rows of a corpus: its pieces under an objective, several in a row where an objective allows."""

from __future__ import annotations

import numpy as np

from lab.batching.fitting import Fitting
from lab.batching.layout import Drawn
from lab.batching.pieces import Pieces
from lab.batching.ragged import Ragged, ranges
from lab.corpora.tokenized import TokenizedCorpus
from lab.text_to_text.layout import Layout
from t5study.objectives.objective import Objective


class CorpusRows:
    """A corpus cut into pieces that an objective corrupts, one a row where it joins documents.

    An objective that takes each document for itself has in a row as many pieces as fit whatever the
    draw, of any documents.
    """

    full_width = True

    def __init__(
        self, corpus: TokenizedCorpus, objective: Objective, layout: Layout, raw_length: int
    ) -> None:
        self._objective, self._layout = objective, layout
        pairs = layout.encoder and objective.pairs_texts
        # Two texts in a row have two EOS a side.
        raw_length = raw_length - 1 if pairs and raw_length > 1 else raw_length
        self._pieces = Pieces(corpus, raw_length, joins_documents=objective.joins_documents)
        self._shared = None if objective.joins_documents else self._fitted(pairs)

    def __len__(self) -> int:
        return self.examples if self._shared is None else len(self._shared)

    @property
    def examples(self) -> int:
        """How many pieces the corpus gives."""
        return len(self._pieces)

    def read(self, rows: np.ndarray, rng: np.random.Generator) -> Drawn:
        """The corrupted pieces of rows (N,); overflowed are those that ran out of sentinels."""
        places, pieces, second = np.arange(len(rows)), rows, None
        if self._shared is not None:
            pieces, places, second = self._shared.pieces(rows)
        tokens, lengths = self._pieces.read(pieces)
        made = self._objective.corrupt_batch(tokens, rng, lengths, second)
        sides = (
            Ragged.of_padded(made.inputs, made.inputs_lengths),
            Ragged.of_padded(made.targets, made.targets_lengths),
        )
        return Drawn(sides, places, int(np.count_nonzero(made.overflowed)))

    def widest(self, rows: np.ndarray) -> np.ndarray:
        """Always the full widths: how long an example is comes out only when it is drawn."""
        return np.array(self._layout.widths)

    def _fitted(self, pairs: bool) -> SharedRows:
        raw_length = self._pieces.length
        if self._layout.encoder:
            # Neither side of an example is longer than its text with EOS.
            taken, limit = np.arange(raw_length + 1) + 1, min(self._layout.widths)
        else:
            (limit,) = self._layout.widths
            taken = np.array(
                [0] + [self._objective.row_length(n + 1) for n in range(1, raw_length + 1)]
            )
        return SharedRows(self._pieces.lengths, taken, limit, pairs=pairs)


class SharedRows:
    """Which pieces of a corpus share a row."""

    def __init__(self, lengths: np.ndarray, taken: np.ndarray, limit: int, *, pairs: bool) -> None:
        """Fit pieces of lengths (N,), of which one of n tokens takes taken[n] of a row's limit.

        With `pairs` two neighbours by length take one EOS more than the longer alone.
        """
        narrow = np.uint16 if len(taken) <= 2**16 else np.int64
        self._order = np.argsort((len(taken) - lengths).astype(narrow), kind="stable")
        sizes = taken[lengths[self._order]]
        # One token has nothing to cut off: it is all target, and so is its partner's.
        paired = np.maximum(sizes, taken[1] + 1) + 1
        # What only fits alone; these come first.
        self._alone = int(np.count_nonzero(paired > limit)) if pairs else len(sizes)
        sizes = np.append(sizes[: self._alone], paired[self._alone :: 2])
        self._fitting = Fitting(sizes, limit)

    def __len__(self) -> int:
        return len(self._fitting)

    def pieces(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pieces of rows (R,), the asked row of each, and whether each is a pair's second: (M,)."""
        items, places = self._fitting.items(rows)
        later = items - self._alone
        first = np.where(later < 0, items, self._alone + 2 * later)
        count = np.where((later < 0) | (first + 1 == len(self._order)), 1, 2)
        second = ranges(count)
        return self._order[np.repeat(first, count) + second], np.repeat(places, count), second > 0
