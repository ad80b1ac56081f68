"""Which items share a row, chosen among all of them so that hardly any place stays empty."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lab.batching.ragged import ranges


class Fitting:
    """Items of known sizes in rows of `limit`, by best fit, the largest first.

    sizes (N,) fall from item to item. Items of one size are alike, so that whole groups of rows
    are filled at once: the work grows with the different sizes, not with the items. An item larger
    than a row has one to itself.
    """

    def __init__(self, sizes: np.ndarray, limit: int) -> None:
        groups = _groups(np.minimum(sizes, limit), limit)
        self._starts = np.cumsum([0] + [group.rows for group in groups])
        counts = np.array([len(group.takes) for group in groups], dtype=np.int64)
        self._takes = np.array([take for g in groups for take in g.takes], dtype=np.int64)
        self._first_take = np.append(0, np.cumsum(counts))

    def __len__(self) -> int:
        return int(self._starts[-1])

    def items(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The items of rows (R,), row after row, and which of the asked rows each is in: (M,)."""
        groups = np.searchsorted(self._starts, rows, side="right") - 1
        takes = self._first_take[groups + 1] - self._first_take[groups]
        chosen = self._takes[np.repeat(self._first_take[groups], takes) + ranges(takes)]
        first, each = chosen[:, 0], chosen[:, 1]
        within = np.repeat(rows - self._starts[groups], takes)
        places = np.repeat(np.arange(len(rows)), takes)
        return np.repeat(first + within * each, each) + ranges(each), np.repeat(places, each)


class _Group(NamedTuple):
    """Rows filled alike. Row b takes, of each (first, each), items first + b * each onwards."""

    rows: int
    takes: tuple[tuple[int, int], ...]


def _groups(sizes: np.ndarray, limit: int) -> list[_Group]:
    counts = np.bincount(sizes, minlength=limit + 1)
    waiting: list[list[_Group]] = [[] for _ in range(limit + 1)]  # by the room that is left
    item = 0
    for size in range(limit, 0, -1):
        stop = item + int(counts[size])
        for room in range(size, limit):
            while item < stop and waiting[room]:
                group = waiting[room].pop()
                each = min(room // size, stop - item)
                rows = min(group.rows, (stop - item) // each)
                taken = _Group(rows, (*group.takes, (item, each)))
                waiting[room - each * size].append(taken)
                item += rows * each
                if rows < group.rows:
                    later = tuple((first + rows * n, n) for first, n in group.takes)
                    waiting[room].append(_Group(group.rows - rows, later))
        while item < stop:
            each = min(limit // size, stop - item)
            rows = (stop - item) // each
            waiting[limit - each * size].append(_Group(rows, ((item, each),)))
            item += rows * each
    return [group for groups in waiting for group in groups]
