"""Worker processes that may be killed, and may outlive a run that is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from loky import get_reusable_executor
from loky.process_executor import BrokenProcessPool

from t5study.errors import DataError


@contextmanager
def worker_processes(
    count: int, then: str, killed: type[DataError] = DataError
) -> Iterator[Executor]:
    """Yield an executor of `count` processes; after an error in the block none of them goes on.

    Where one of them is killed, raises `killed`, whose message ends with `then`. A pool of Python's
    own waits for the lost call for ever, or for the lock that the killed process held; the
    processes of one whose run is killed wait for calls for ever, where these end by themselves.
    """
    pool = get_reusable_executor(count)
    try:
        yield pool
    except BrokenProcessPool:
        raise killed(
            f"A worker process was killed, perhaps for want of memory: give fewer --workers. {then}"
        ) from None
    except BaseException:
        pool.shutdown(kill_workers=True)
        raise
