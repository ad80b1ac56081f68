"""Rows of one or two segments: gathered from lines of a document, and cut to a length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

SPECIALS = 3
"""Special pieces of a row of two segments: [CLS] first [SEP] second [SEP]."""
WHOLE = np.iinfo(np.int64).max
"""The goal of a first segment that all lines of its row join."""


def cut_pair(first: int, second: int, most: int) -> tuple[int, int]:
    """Lengths of two segments that together have `most` pieces at most; see `cut_pairs`."""
    one, other = cut_pairs(np.array([first]), np.array([second]), most)
    return int(one[0]), int(other[0])


def cut_pairs(firsts: np.ndarray, seconds: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Lengths (R,) of first and second segments, pairs of which have `most` pieces at most.

    The longer one loses a piece at a time, at equality the second.
    """
    over = np.maximum(0, firsts + seconds - most)
    level = np.minimum(over, abs(firsts - seconds))
    longer = firsts > seconds
    rest = over - level
    return (
        firsts - np.where(longer, level, 0) - rest // 2,
        seconds - np.where(longer, 0, level) - (rest - rest // 2),
    )


def goals(targets: np.ndarray) -> np.ndarray:
    """Below how many pieces a first segment grows, in rows gathered to so many pieces (R,)."""
    return (targets - SPECIALS) // 2


def in_second(
    sizes: np.ndarray, starts: np.ndarray, goals: np.ndarray, coins: np.ndarray
) -> np.ndarray:
    """Which lines are in their row's second segment: bool (L,).

    Lines of `sizes` (L,) pieces are rows one after the other, which begin at the lines `starts`
    (R,). A first segment grows while it stays below its goal (R,); a line that would take it beyond
    joins where its coin (L,) says so, while the second is empty and the first below its goal.
    """
    second = np.zeros(len(sizes), dtype=bool)
    counts = np.diff(np.append(starts, len(sizes)))
    rows = np.arange(len(starts))
    grown = np.zeros((2, len(starts)), dtype=np.int64)
    for place in range(int(counts.max(initial=0))):
        rows = rows[counts[rows] > place]
        lines = starts[rows] + place
        first, other, goal = grown[0, rows], grown[1, rows], goals[rows]
        fits = (first == 0) | (first + sizes[lines] < goal)
        second[lines] = ~(fits | ((other == 0) & (first < goal) & coins[lines]))
        grown[second[lines].astype(np.int64), rows] += sizes[lines]
    return second


def segment_limits(firsts: np.ndarray, longest: int) -> tuple[int, np.ndarray]:
    """Pieces that a first segment may have, and the second ones beside first ones of (R,)."""
    most = longest - SPECIALS + 1
    return most, np.maximum(longest - np.minimum(firsts, most) - SPECIALS, 0)


def two_segments(
    lines: Iterable[Sequence[int]],
    longest: int,
    *,
    one_segment: bool,
    coin: Callable[[], bool],
) -> tuple[list[int], list[int]]:
    """The pieces of a row's two segments, of the lines that were gathered for it; see `in_second`.

    With `one_segment` all lines go into the first. Each is cut at its end so that both fit into
    `longest` with their special pieces.
    """
    text = [line for line in lines if line]
    sizes = np.array([len(line) for line in text], dtype=np.int64)
    goal = np.array([WHOLE]) if one_segment else goals(np.array([longest]))
    coins = np.array([coin() for _ in text], dtype=bool)
    second = in_second(sizes, np.zeros(1, dtype=np.int64), goal, coins)
    parts: tuple[list[int], list[int]] = [], []
    for line, there in zip(text, second.tolist(), strict=True):
        parts[there].extend(line)
    most, rest = segment_limits(np.array([len(parts[0])]), longest)
    return parts[0][:most], parts[1][: int(rest[0])]
