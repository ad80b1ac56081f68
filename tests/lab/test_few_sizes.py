"""Sizes of which there are few, and what is rounded to them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lab.few_sizes import few, few_within


@given(st.integers(9, 1 << 20))
def test_a_size_holds_the_count_and_little_more(count: int) -> None:
    """At most an eighth more, or what fills a register; nothing is rounded twice."""
    size = few(count)
    assert count <= size < count + max(8, count / 8)
    assert few(size) == size
    assert few(count, multiple=1) <= size


@given(st.integers(1, 1 << 20))
def test_what_is_within_is_one_of_the_sizes(count: int) -> None:
    """The largest that is no more than the count."""
    size = few_within(count)
    assert count * 8 / 9 - 1 < size <= count
    assert few(size, multiple=1) == size


def test_there_are_few() -> None:
    """Eight from one power of two to the next, or as many as are asked for; none is 0."""
    assert sorted({few(n) for n in range(129, 513)}) == [*range(144, 257, 16), *range(288, 513, 32)]
    found = {few(n, a_doubling=2, multiple=1) for n in range(65)}
    assert sorted(found) == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    assert few(0) == 8
    assert few_within(0) == 1
