"""Worker processes that may be killed, and do not outlive a run that is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from loky import ProcessPoolExecutor
from loky.process_executor import BrokenProcessPool

from lab.errors import DataError

IDLE = 10.0
"""Seconds after which a process that has nothing to do ends, as those of a killed run must."""


@contextmanager
def worker_processes(
    count: int, then: str, killed: type[DataError] = DataError
) -> Iterator[Executor]:
    """Yield an executor of `count` processes, which end with the block, by an error too.

    Where one of them is killed, raises `killed`, whose message ends with `then`. A pool of Python's
    own waits for the lost call for ever, or for the lock that the killed process held; the
    processes of one whose run is killed wait for calls for ever, where these end by themselves.
    """
    pool = ProcessPoolExecutor(count, timeout=IDLE)
    try:
        yield pool
    except BrokenProcessPool:
        raise killed(f"A worker process was killed, perhaps for want of memory. {then}") from None
    finally:
        pool.shutdown(kill_workers=True)
