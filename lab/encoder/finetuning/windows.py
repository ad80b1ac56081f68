"""A passage that is too long for a row, as windows that overlap (Devlin et al. 2019, SQuAD)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LENGTH_BONUS = 0.01
"""What a window's length counts beside the context of a piece in it."""
Window = tuple[int, int]
"""The first piece of a passage in it, and how many it holds."""


def windows_of(pieces: int, room: int, stride: int) -> list[Window]:
    """The windows of `room` pieces at most over a passage, each `stride` behind the one before."""
    found = [(0, min(pieces, room))]
    while sum(found[-1]) < pieces:
        start = found[-1][0] + min(found[-1][1], stride)
        found.append((start, min(pieces - start, room)))
    return found


def window_of(windows: Sequence[Window], pieces: np.ndarray) -> np.ndarray:
    """The number of the window in which each piece (N,) has the most context on its poorer side.

    At equality the longer one, then the earlier.
    """
    starts, lengths = np.array(windows).T[:, :, None]
    left, right = pieces - starts, starts + lengths - 1 - pieces
    context = np.where(
        (left >= 0) & (right >= 0), np.minimum(left, right) + LENGTH_BONUS * lengths, -np.inf
    )
    best: np.ndarray = context.argmax(axis=0)
    return best


def place_in(window: Window, answer: tuple[int, int], offset: int) -> tuple[int, int] | None:
    """Where the first and the last piece of an answer stand in the row of a window.

    `offset` is the place of the window's first piece. None where it does not hold both.
    """
    start, length = window
    first, last = answer
    if first < start or last >= start + length:
        return None
    return first - start + offset, last - start + offset
