"""Where a stage's time goes, by part: for people who want it shorter, and no part of a result."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


class Timing:
    """Seconds by part of a stage, in the order in which the parts first came."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._within = 0.0
        """Of the block that is timed, what other blocks inside it took."""

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time of a block to a part, but for blocks of parts inside it."""
        began, around, self._within = time.monotonic(), self._within, 0.0
        try:
            yield
        finally:
            passed = time.monotonic() - began
            self.add(name, passed - self._within)
            self._within = around + passed

    def each(self, name: str, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items; the time that each takes to come is counted to a part."""
        waiting = iter(items)
        while True:
            with self.part(name):
                try:
                    item = next(waiting)
                except StopIteration:
                    return
            yield item

    def add(self, name: str, seconds: float) -> None:
        """Count seconds to a part."""
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    @property
    def seconds(self) -> dict[str, float]:
        """Of each part, to the millisecond."""
        return {name: round(value, 3) for name, value in self._seconds.items()}
