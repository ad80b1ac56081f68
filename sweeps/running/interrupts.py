"""Ctrl-C and SIGTERM as requests that a loop answers."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts(heard: Callable[[], None]) -> Iterator[None]:
    """Call `heard` for each of them while the block lasts; elsewhere they mean what they meant.

    Off the main thread, where Python lets nobody listen, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        heard()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
