"""Batches as tensors, made ahead by worker processes where asked."""

from __future__ import annotations

import torch
from torch.utils.data import DataLoader, Dataset

from t5study.batching.batches import Batches


def loader(
    batches: Batches, start: int, stop: int, *, workers: int = 0, pin_memory: bool = False
) -> DataLoader[dict[str, torch.Tensor]]:
    """Batches start .. stop - 1 as int64 tensors, in order; the same for any number of workers."""
    return DataLoader(
        _Indexed(batches, start, stop),
        batch_size=None,
        shuffle=False,
        num_workers=workers,
        pin_memory=pin_memory,
        prefetch_factor=4 if workers else None,
    )


class _Indexed(Dataset[dict[str, torch.Tensor]]):
    def __init__(self, batches: Batches, start: int, stop: int) -> None:
        self._batches, self._start, self._stop = batches, start, stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        arrays = self._batches[self._start + index]
        return {name: torch.from_numpy(array) for name, array in arrays.items()}
