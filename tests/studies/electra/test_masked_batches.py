"""Batches hold every row once an epoch, in few shapes, and the same for any number of ranks."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.batching.layout import BatchError
from lab.encoder.pretraining.batches import WIDTHS
from lab.encoder.pretraining.drawing import how_many
from studies.electra.batches import MaskedBatches
from studies.electra.objectives import get_objective

LONGEST = 40
PIECES = SimpleNamespace(pad=0, cls=1, sep=2, mask=3, special=frozenset(range(4)), size=50)


class Rows:
    """Rows whose pieces say which row they are of, as far as they are words."""

    def __init__(self, count: int, seed: int = 0) -> None:
        self.lengths = np.random.default_rng(seed).integers(5, LONGEST + 1, size=count)

    def __len__(self) -> int:
        return len(self.lengths)

    def read(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        lengths = self.lengths[rows]
        places = np.arange(lengths.max())
        real = places < lengths[:, None]
        tokens = np.where(real, 4 + rows[:, None] % 46, 0)
        tokens[:, 0] = PIECES.cls
        tokens[np.arange(len(rows)), lengths - 1] = PIECES.sep
        return {"tokens": tokens, "types": (real & (places > 3)).astype(np.int64), "real": real}


def batches(rows: Rows, batch_size: int = 4, seed: int = 0) -> MaskedBatches:
    return MaskedBatches(
        rows,
        get_objective("electra"),
        PIECES,
        longest=LONGEST,
        batch_size=batch_size,
        rate=0.15,
        replacement=False,
        seed=seed,
    )


@given(st.integers(1, 300), st.integers(1, 8), st.integers(0, 5))
def test_an_epoch_holds_each_row_once(count: int, batch_size: int, seed: int) -> None:
    """In an order of its own."""
    made = batches(Rows(count), batch_size, seed)
    drawn = np.concatenate([made.chosen(step) for step in range(2 * count)])
    assert made.epochs(2 * count) == 2 * batch_size
    epochs = drawn.reshape(-1, count)
    assert (np.sort(epochs, axis=1) == np.arange(count)).all()
    assert count < 20 or not np.array_equal(epochs[0], epochs[1])


def test_padding_is_counted_as_it_is() -> None:
    made = batches(Rows(640), batch_size=8)
    wide = held = 0
    for step in range(80):
        real = made[step]["real"]
        wide, held = wide + real.size, held + real.sum()
    assert made.padding_share(range(80)) == pytest.approx(1 - held / wide)


def test_there_are_few_shapes() -> None:
    """Multiples of WIDTHS and the longest; the number of slots goes with the width."""
    made = batches(Rows(600), batch_size=1)
    shapes = {(b["tokens"].shape[1], b["drawn"].shape[1]) for b in map(made.__getitem__, range(99))}
    assert shapes == {(w, how_many(w, 0.15, LONGEST)) for w in (WIDTHS, 2 * WIDTHS, LONGEST)}


def test_masks_are_drawn_anew_and_the_same_again() -> None:
    rows = Rows(4)
    one, again, other = batches(rows), batches(rows), batches(rows, seed=1)
    for name, array in one[7].items():
        assert np.array_equal(array, again[7][name])
    # Four rows, so that each batch holds all of them.
    drawn = [
        sorted(zip(b["tokens"][:, 1], b["drawn"].tolist(), strict=True))
        for b in (one[0], one[1], other[0])
    ]
    assert drawn[0] != drawn[1]
    assert drawn[0] != drawn[2]


@pytest.mark.parametrize("world", [1, 2, 4])
def test_ranks_make_the_batch_together(world: int) -> None:
    whole = batches(Rows(100), batch_size=8)
    parts = [whole.shard(rank, world) for rank in range(world)]
    for step in range(20):
        expected = whole[step]
        for name, array in expected.items():
            made = np.concatenate([part[step][name] for part in parts])
            assert np.array_equal(made, array), name
        assert expected["share"].sum() == pytest.approx(1.0)
        assert (expected["length"] == expected["real"].sum()).all()
        assert (expected["slots"] == expected["used"].sum()).all()


def test_what_is_drawn_is_a_word() -> None:
    made = batches(Rows(200))
    for step in range(20):
        batch = made[step]
        for place in ("drawn", "other"):
            pieces = np.take_along_axis(batch["tokens"], batch[place], 1)[batch["used"]]
            assert not np.isin(pieces, list(PIECES.special)).any()


def test_what_cannot_be_cut_is_said() -> None:
    with pytest.raises(BatchError, match="rank 0 of 3 with batches of 4 rows"):
        batches(Rows(10)).shard(0, 3)
    with pytest.raises(BatchError, match="batches of 4 of 0 rows"):
        batches(Rows(0))
    with pytest.raises(IndexError, match="batch -1"):
        batches(Rows(10))[-1]
