"""Kills a worker process of this one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from loky import get_reusable_executor


@contextmanager
def first_worker_killed() -> Iterator[None]:
    """Within the block, kill -9 the first worker process that starts, before it can do a thing."""
    # None that idles since an earlier call: its death would cost nobody anything.
    get_reusable_executor(max_workers=1).shutdown(kill_workers=True)

    def kill_one() -> None:
        while not (workers := multiprocessing.active_children()):
            time.sleep(0.001)
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    yield
    killer.join()
