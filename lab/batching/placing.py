"""Index arithmetic of layouts: which examples share a row, and where their tokens stand in it.

Letters: N examples, F parts of a row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.batching.ragged import ranges


def row_bounds(lengths: np.ndarray, limits: Sequence[int]) -> np.ndarray:
    """Which examples of lengths (N, F) share a row if packed greedily, in order.

    Row r holds the examples from bounds[r] up to bounds[r + 1]: (rows + 1,). An example that is too
    long for any row has a row of its own.
    """
    count = len(lengths)
    following = np.full(count, count, dtype=np.int64)
    for column, limit in zip(lengths.T, limits, strict=True):
        ends = np.concatenate([[0], np.cumsum(column)])
        fits = np.searchsorted(ends, ends[:-1] + limit, side="right") - 1
        following = np.minimum(following, fits)
    following = np.maximum(following, np.arange(1, count + 1))
    bounds, after = [0], following.data
    while bounds[-1] < count:
        bounds.append(after[bounds[-1]])
    return np.array(bounds, dtype=np.int64)


def first_of_row(rows: np.ndarray) -> np.ndarray:
    """For each example (N,) the first one of its row; `rows` (N,) do not fall."""
    return np.searchsorted(rows, rows, side="left")


def starts(rows: np.ndarray, lengths: np.ndarray, first: np.ndarray, width: int) -> np.ndarray:
    """Where each example (N,) begins in a flattened (B, width) array, behind those of its row."""
    before = np.cumsum(lengths) - lengths
    return rows * width + before - before[first]


def positions(rows: np.ndarray, lengths: np.ndarray, first: np.ndarray, width: int) -> np.ndarray:
    """The flat places of all tokens of examples of `lengths` (N,): (sum of lengths,)."""
    return np.repeat(starts(rows, lengths, first, width), lengths) + ranges(lengths)


def put(array: np.ndarray, places: np.ndarray, values: np.ndarray | int) -> None:
    """Write values at flat places of an array (B, W)."""
    array.reshape(-1)[places] = values
