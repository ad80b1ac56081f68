"""Kills a worker process of this one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def first_worker_killed() -> Iterator[None]:
    """Within the block, kill -9 the first worker process that starts, before it can do a thing."""

    def kill_one() -> None:
        while not (workers := multiprocessing.active_children()):
            time.sleep(0.001)
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    yield
    killer.join()
