"""Rows of one or two segments: gathered from lines of a document, and cut to a length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

SPECIALS = 3
"""Special pieces of a row of two segments: [CLS] first [SEP] second [SEP]."""


def cut_pair(first: int, second: int, most: int) -> tuple[int, int]:
    """Lengths of two segments that together have `most` pieces at most.

    The longer one loses a piece at a time, at equality the second.
    """
    over = max(0, first + second - most)
    level = min(over, abs(first - second))
    if first > second:
        first -= level
    else:
        second -= level
    rest = over - level
    return first - rest // 2, second - (rest - rest // 2)


def two_segments(
    lines: Iterable[Sequence[int]],
    longest: int,
    *,
    one_segment: bool,
    coin: Callable[[], bool],
) -> tuple[list[int], list[int]]:
    """The pieces of a row's two segments, of the lines that were gathered for it.

    The first one grows while it stays below half of the row; a line that would take it beyond goes
    there by the toss of a coin while the second is empty. With `one_segment` all lines go into the
    first. Each is cut at its end so that both fit into `longest` with their special pieces.
    """
    goal = longest if one_segment else (longest - SPECIALS) // 2
    first: list[int] = []
    second: list[int] = []
    for line in lines:
        fits = not first or len(first) + len(line) < goal
        if one_segment or fits or (not second and len(first) < goal and coin()):
            first.extend(line)
        else:
            second.extend(line)
    first = first[: longest - SPECIALS + 1]
    return first, second[: max(0, longest - len(first) - SPECIALS)]
