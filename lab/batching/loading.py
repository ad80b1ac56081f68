"""Batches as tensors, made ahead by worker processes where asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from lab.batching.layout import Batch


class Indexed(Protocol):
    """Batches by their number."""

    def __getitem__(self, index: int) -> Batch: ...


def loader(
    batches: Indexed, start: int, stop: int, *, workers: int = 0, pin_memory: bool = False
) -> DataLoader[dict[str, torch.Tensor]]:
    """Batches start .. stop - 1 as int64 tensors, in order; the same for any number of workers.

    It has no length: a training loop that counts batches from the very first one, as a resumed
    one does, would take the length of the rest for the end of an epoch and begin again.
    """
    return DataLoader(
        _Stream(batches, start, stop),
        batch_size=None,
        num_workers=workers,
        pin_memory=pin_memory,
        prefetch_factor=4 if workers else None,
    )


class _Stream(IterableDataset[dict[str, torch.Tensor]]):
    def __init__(self, batches: Indexed, start: int, stop: int) -> None:
        self._batches, self._start, self._stop = batches, start, stop

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        # Workers are read by turns, so that taking every n-th batch keeps the order.
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for index in range(self._start + first, self._stop, step):
            yield {name: torch.from_numpy(array) for name, array in self._batches[index].items()}
