"""Batches of rows of text, whose masks are drawn anew each time. Letters: B rows, T positions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from lab.batching.layout import BatchError
from lab.batching.order import shuffled
from lab.batching.ranks import RankBatches

WIDTHS = 16
"""Batches are as wide as their longest row, rounded up to a multiple of this."""


class RowBatches(RankBatches):
    """Batches of `batch_size` rows, each a function of (seed, index).

    Rows come in epochs, each in a random order of its own. They are not grouped by their lengths:
    nearly all are full, and what is left of padding is what an order without regard to lengths
    costs.
    """

    fixed_widths = True
    """There are few widths, so that each may be compiled."""

    def __init__(self, rows: Any, *, longest: int, batch_size: int, seed: int) -> None:
        if len(rows) < 1 or batch_size < 1:
            raise BatchError(
                f"batches of {batch_size} of {len(rows)} rows: give a batch of 1 or more, and a "
                "corpus with text in its training part."
            )
        super().__init__(batch_size)
        self._rows, self._longest, self._seed = rows, longest, seed

    @abstractmethod
    def arrays(
        self, read: dict[str, np.ndarray], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """A batch by name, of what `rows.read` gave for its rows, (B, T) with T in steps of WIDTHS.

        Each array has a row for each of these rows.
        """

    def epochs(self, steps: int) -> float:
        """How often `steps` batches go through all rows."""
        return steps * self.batch_size / len(self._rows)

    def padding_share(self, indices: Iterable[int]) -> float:
        """Share of the positions of some batches that hold no piece."""
        held = wide = 0
        for index in indices:
            lengths = self._rows.lengths[self.chosen(index)]
            held += int(lengths.sum())
            wide += len(lengths) * self._width(int(lengths.max()))
        return 1.0 - held / max(1, wide)

    def _width(self, longest: int) -> int:
        return min(self._longest, -(-longest // WIDTHS) * WIDTHS)

    def chosen(self, index: int) -> np.ndarray:
        """Which rows (B,) a batch holds. Raises IndexError."""
        if index < 0:
            raise IndexError(f"batch {index}: batches are counted from 0")
        slots = index * self.batch_size + np.arange(self.batch_size)
        return shuffled(slots, len(self._rows), self._seed)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        read = self._rows.read(self.chosen(index))
        width = read["tokens"].shape[1]
        missing = (0, 0), (0, self._width(width) - width)
        wide = {
            name: np.pad(array, missing) if array.ndim == 2 else array
            for name, array in read.items()
        }
        batch = self.arrays(wide, np.random.default_rng((self._seed, index)))
        return {name: array[self.share] for name, array in batch.items()}
