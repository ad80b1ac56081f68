"""The order in which rows come, found for any place of it without the places before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROUNDS = 12
"""Of the Feistel network; fewer prefer some orders of a handful of items."""
BLOCK = 4096
"""Draws of a mixture whose order is shuffled together."""
CHUNK = 1024
"""Blocks whose counts are drawn together."""


def shuffled(slots: np.ndarray, count: int, seed: int, stream: int = 0) -> np.ndarray:
    """Which of `count` items each slot (N,) of an endless repetition holds.

    Each epoch of `count` slots holds every item once, in an order of its own. No order is written
    down: a Feistel network permutes the next power of two, and what falls outside goes round again.
    """
    epochs, items = np.divmod(np.asarray(slots, dtype=np.int64), count)
    bits = max(0, count - 1).bit_length()
    low, high = bits - bits // 2, bits // 2
    key = _mixed(np.uint64(seed) + _mixed(np.uint64(stream) + _mixed(epochs.astype(np.uint64))))
    waiting = np.arange(len(items))
    values = items.astype(np.uint64)
    while len(waiting):
        values[waiting] = _feistel(values[waiting], key[waiting], low, high)
        waiting = waiting[values[waiting] >= np.uint64(count)]
    return values.astype(np.int64)


def _feistel(values: np.ndarray, key: np.ndarray, low: int, high: int) -> np.ndarray:
    right = values & np.uint64((1 << low) - 1)
    left = values >> np.uint64(low)
    for turn in range(0, 2 * ROUNDS, 2):
        left ^= _drawn(right, key, turn) & np.uint64((1 << high) - 1)
        right ^= _drawn(left, key, turn + 1) & np.uint64((1 << low) - 1)
    return (left << np.uint64(low)) | right


def _drawn(half: np.ndarray, key: np.ndarray, turn: int) -> np.ndarray:
    # Keys of turns lie far apart: near ones would let a turn repeat another for other values.
    return _mixed(half + key * np.uint64(2 * turn + 1))


def _mixed(values: np.ndarray | np.uint64) -> np.ndarray:
    """The finalizer of SplitMix64: every bit of the result depends on every bit of `values`."""
    with np.errstate(over="ignore"):
        mixed = np.asarray(values) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


class Order:
    """Which rows of which sources are drawn, one after the other.

    Sources are drawn independently by fixed rates; the rows of each come in shuffled epochs. Blocks
    of draws have their counts drawn first and are then shuffled, so that finding the n-th draw
    takes the counts of the blocks before it and not the draws.
    """

    def __init__(self, rates: Sequence[float], rows: Sequence[int], seed: int) -> None:
        self._rates = np.asarray(rates, dtype=np.float64)
        self._rates = self._rates / self._rates.sum()
        self._rows = list(rows)
        self._seed = seed
        self._counts: list[np.ndarray] = []
        self._totals = [np.zeros(len(self._rows), dtype=np.int64)]
        self._block: tuple[int, np.ndarray, np.ndarray] | None = None

    def draws(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Sources (N,) of draws start .. stop - 1, and the row of its source that each is (N,)."""
        parts = []
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            sources, rows = self._drawn(block)
            inside = slice(max(0, start - block * BLOCK), min(BLOCK, stop - block * BLOCK))
            parts.append((sources[inside], rows[inside]))
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _drawn(self, block: int) -> tuple[np.ndarray, np.ndarray]:
        if self._block is None or self._block[0] != block:
            counts, before = self._counted(block)
            sources = np.repeat(np.arange(len(counts)), counts)
            if len(counts) > 1:
                np.random.default_rng((self._seed, 1, block)).shuffle(sources)
            rows = np.empty(BLOCK, dtype=np.int64)
            for source in np.flatnonzero(counts):
                slots = before[source] + np.arange(counts[source])
                # Stream 0 is the order in which a task's examples were packed.
                rows[sources == source] = shuffled(
                    slots, self._rows[source], self._seed, int(source) + 1
                )
            self._block = block, sources, rows
        return self._block[1], self._block[2]

    def _counted(self, block: int) -> tuple[np.ndarray, np.ndarray]:
        """How often a block draws each source, and how often the blocks before it did."""
        if len(self._rows) == 1:
            return np.array([BLOCK]), np.array([block * BLOCK])
        chunk, place = divmod(block, CHUNK)
        while len(self._counts) <= chunk:
            rng = np.random.default_rng((self._seed, 0, len(self._counts)))
            drawn = rng.multinomial(BLOCK, self._rates, size=CHUNK)
            self._counts.append(drawn)
            self._totals.append(self._totals[-1] + drawn.sum(axis=0))
        drawn = self._counts[chunk]
        return drawn[place], self._totals[chunk] + drawn[:place].sum(axis=0)
