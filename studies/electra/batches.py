"""Batches of rows whose masks are drawn anew each time.

Letters: B rows, T positions, N drawn slots.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from lab.batching.layout import BatchError
from lab.batching.order import shuffled
from studies.electra.masking import Ids, candidates, draw, how_many, shown
from studies.electra.objective import Objective

WIDTHS = 16
"""Batches are as wide as their longest row, rounded up to a multiple of this."""


def masked_batch(
    tokens: Ids,
    real: np.ndarray,
    objective: Objective,
    rng: np.random.Generator,
    *,
    pieces: Any,
    longest: int,
    types: np.ndarray | None = None,
    rate: float = 0.15,
    replacement: bool = False,
) -> dict[str, np.ndarray]:
    """What `networks.loss` reads, of rows (B, T) of which some positions are `real` (B, T).

    `tokens`, `real` and `types` (B, T); `drawn`, `used`, `seen` and `other` (B, N): positions,
    which slots are used, what is shown there, and positions drawn apart; `slots` and `length` (B,):
    used slots and real tokens of the whole batch; `share` (B,): what a row is of the batch. N
    depends on T alone. Of the vocabulary, `pieces`, its `size`, `mask` and `special` are read.
    """
    allowed = candidates(tokens, real.astype(bool), pieces.special)
    counts = how_many(real.sum(1), rate, longest)
    slots = int(how_many(tokens.shape[1], rate, longest))
    drawn, used = draw(allowed, counts, rng, slots=slots, replacement=replacement)
    targets = np.take_along_axis(tokens, drawn, 1)
    seen = shown(
        targets,
        rng,
        mask=pieces.mask,
        vocabulary=pieces.size,
        masked=objective.masked,
        random=objective.random,
    )
    other, _ = draw(allowed, counts, rng, slots=slots)
    rows = len(tokens)
    return {
        "tokens": tokens,
        "real": real.astype(np.int64),
        "types": np.zeros_like(tokens) if types is None else types,
        "drawn": drawn,
        "used": used,
        "seen": seen,
        "other": other,
        "slots": np.full(rows, used.sum(), dtype=np.float32),
        "length": np.full(rows, real.sum(), dtype=np.float32),
        "share": np.full(rows, 1 / rows, dtype=np.float32),
    }


class MaskedBatches:
    """Batches of `batch_size` rows with positions drawn, each a function of (seed, index).

    Rows come in epochs, each in a random order of its own. They are not grouped by their lengths:
    nearly all are full, and what is left of padding is what an order without regard to lengths
    costs.
    """

    fixed_widths = True
    """There are few widths, so that each may be compiled."""

    def __init__(
        self,
        rows: Any,
        objective: Objective,
        pieces: Any,
        *,
        longest: int,
        batch_size: int,
        rate: float,
        replacement: bool,
        seed: int,
    ) -> None:
        if len(rows) < 1 or batch_size < 1:
            raise BatchError(
                f"batches of {batch_size} of {len(rows)} rows: give a batch of 1 or more, and a "
                "corpus with text in its training part."
            )
        self.batch_size = batch_size
        self._rows, self._objective, self._pieces = rows, objective, pieces
        self._longest, self._rate, self._replacement = longest, rate, replacement
        self._seed = seed
        self._rank, self._world = 0, 1

    def shard(self, rank: int, world: int) -> Self:
        """The same batches, of which this rank makes its consecutive share of the rows.

        Raises BatchError where the ranks' shares would differ.
        """
        if self.batch_size % world or not 0 <= rank < world:
            raise BatchError(
                f"rank {rank} of {world} with batches of {self.batch_size} rows: the number of "
                "ranks must divide the batch."
            )
        view = copy.copy(self)
        view._rank, view._world = rank, world
        return view

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
        tokens, types, real = (np.pad(read[name], missing) for name in ("tokens", "types", "real"))
        batch = masked_batch(
            tokens,
            real,
            self._objective,
            np.random.default_rng((self._seed, index)),
            pieces=self._pieces,
            longest=self._longest,
            types=types,
            rate=self._rate,
            replacement=self._replacement,
        )
        share = self.batch_size // self._world
        mine = slice(self._rank * share, (self._rank + 1) * share)
        return {name: array[mine] for name, array in batch.items()}
