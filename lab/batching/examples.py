"""A task's examples as rows."""

from __future__ import annotations

import numpy as np

from lab.batching.layout import BatchError, Drawn, Examples, Layout
from lab.batching.order import shuffled
from lab.batching.placing import row_bounds
from lab.batching.ragged import gather, ranges


class ExampleRows:
    """A task's examples, shuffled once by the seed; packed, several to a row."""

    def __init__(self, examples: Examples, layout: Layout, *, packing: bool, seed: int) -> None:
        if not len(examples):
            raise BatchError("A task without a single example: nothing to train on.")
        self._fields = examples.fields
        self._starts = [np.cumsum(field.lengths) - field.lengths for field in self._fields]
        self._order = shuffled(np.arange(len(examples)), len(examples), seed)
        self._lengths = layout.lengths(*(field.lengths[self._order] for field in self._fields))
        self._layout = layout
        self._packed = row_bounds(self._lengths, layout.widths) if packing else None
        self.full_width = packing

    def __len__(self) -> int:
        return len(self._lengths) if self._packed is None else len(self._packed) - 1

    @property
    def examples(self) -> int:
        """How many examples the task has."""
        return len(self._lengths)

    def read(self, rows: np.ndarray, rng: np.random.Generator) -> Drawn:
        """The examples of rows (N,)."""
        places = np.arange(len(rows))
        if self._packed is not None:
            firsts = self._packed[rows]
            counts = self._packed[rows + 1] - firsts
            places = np.repeat(places, counts)
            rows = np.repeat(firsts, counts) + ranges(counts)
        chosen = self._order[rows]
        fields = tuple(
            gather(field.tokens, starts[chosen], field.lengths[chosen])
            for field, starts in zip(self._fields, self._starts, strict=True)
        )
        return Drawn(fields, places)

    def widest(self, rows: np.ndarray) -> np.ndarray:
        """The longest example's widths; the full ones where rows are packed."""
        if self._packed is not None:
            return np.array(self._layout.widths)
        return self._lengths[rows].max(axis=0)
