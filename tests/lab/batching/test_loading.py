"""Batches as tensors."""

from __future__ import annotations

import pytest
import torch

from t5study.batching import FinetuneBatches, Pairs, loader

EXAMPLES = {"task": Pairs.of(([i, 9], [i]) for i in range(3, 40))}


@pytest.fixture
def batches():
    """Batches of 4 examples."""
    return FinetuneBatches(
        EXAMPLES,
        {"task": 1.0},
        architecture="encoder_decoder",
        inputs_length=8,
        targets_length=8,
        batch_size=4,
        seed=0,
    )


def test_batches_from_start_to_stop(batches):
    """Those asked for, in order, as int64 tensors."""
    loaded = list(loader(batches, 3, 8))
    assert len(loaded) == 5
    for offset, batch in enumerate(loaded):
        for name, array in batches[3 + offset].items():
            assert batch[name].dtype == torch.int64
            assert batch[name].tolist() == array.tolist()


def test_workers_change_nothing(batches):
    """Two processes give the same batches in the same order."""
    alone, together = loader(batches, 0, 6), loader(batches, 0, 6, workers=2)
    for one, other in zip(alone, together, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
