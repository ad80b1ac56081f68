"""Rows of two segments: what a pair loses, and which line goes where."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lab.encoder.segments import SPECIALS, cut_pair, two_segments


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 80))
def test_a_pair_loses_piece_by_piece_from_the_longer(first: int, second: int, most: int) -> None:
    expected = [first, second]
    while sum(expected) > most:
        expected[0 if expected[0] > expected[1] else 1] -= 1
    assert list(cut_pair(first, second, most)) == expected


lines = st.lists(st.lists(st.integers(4, 90), min_size=1, max_size=12), max_size=8)


@given(lines, st.integers(5, 40), st.booleans(), st.booleans())
def test_segments_fit_and_hold_lines_in_order(
    text: list[list[int]], longest: int, one_segment: bool, coin: bool
) -> None:
    """Each is the beginning of some of the lines, which both together had in order."""
    first, second = two_segments(text, longest, one_segment=one_segment, coin=lambda: coin)
    assert len(first) + len(second) + (SPECIALS if second else 2) <= longest
    assert not (one_segment and second)

    def beginning(part: list[int], of: list[list[int]]) -> bool:
        joined = [piece for line in of for piece in line]
        return joined[: len(part)] == part

    ways = (
        (
            [line for at, line in enumerate(text) if where >> at & 1 == 0],
            [line for at, line in enumerate(text) if where >> at & 1],
        )
        for where in range(2 ** len(text))
    )
    assert any(beginning(first, one) and beginning(second, other) for one, other in ways)


def test_a_coin_lets_one_line_more_into_the_first_segment() -> None:
    text = [[1] * 5, [2] * 4, [3] * 6]
    kept = two_segments(text, 20, one_segment=False, coin=lambda: True)
    assert kept == ([1] * 5 + [2] * 4, [3] * 6)
    moved = two_segments(text, 20, one_segment=False, coin=lambda: False)
    assert moved == ([1] * 5, [2] * 4 + [3] * 6)


def test_a_line_that_fills_the_first_segment_to_its_goal_is_beyond_it() -> None:
    """The goal of a row of 20 is 8: 5 and 2 stay below it, 5 and 3 do not."""
    for size, in_first in ((2, True), (3, False)):
        text = [[1] * 5, [2] * size]
        first, second = two_segments(text, 20, one_segment=False, coin=lambda: False)
        assert (len(first) == 5 + size, not second) == (in_first, in_first)
