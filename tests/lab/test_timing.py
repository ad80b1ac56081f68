"""Where a stage's time goes, with a clock that the test turns."""

from __future__ import annotations

import time

import pytest

from lab.timing import Timing


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which stands still unless a test moves it."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_part_inside_another_is_counted_once(clock: list[float]):
    """Whatever goes on in the block, also where it breaks off."""
    timing = Timing()

    def work() -> None:
        clock[0] += 1
        with timing.part("tokens"):
            clock[0] += 10
            with timing.part("text"):
                clock[0] += 100
        with timing.part("tokens"):
            clock[0] += 20
        clock[0] += 2
        raise KeyError

    with pytest.raises(KeyError), timing.part("writing"):
        work()
    assert timing.seconds == {"text": 100, "tokens": 30, "writing": 3}


def test_items_are_counted_as_they_come_and_not_as_they_are_used(clock: list[float]):
    def slow():
        for item in "ab":
            clock[0] += 5
            yield item

    timing = Timing()
    for _ in timing.each("text", slow()):
        clock[0] += 1000
    assert timing.seconds == {"text": 10}
