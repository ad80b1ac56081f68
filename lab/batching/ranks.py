"""Batches whose rows several processes share out."""

from __future__ import annotations

import copy
from typing import Self

from lab.batching.layout import BatchError


class RankBatches:
    """Batches of `batch_size` rows, all of them made by this process, or its share alone."""

    _rank, _world = 0, 1

    def __init__(self, batch_size: int) -> None:
        self.batch_size = batch_size

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

    @property
    def share(self) -> slice:
        """Which rows of a batch this process makes."""
        count = self.batch_size // self._world
        return slice(self._rank * count, (self._rank + 1) * count)
