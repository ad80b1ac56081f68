"""The scheduler's end of a worker process."""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO, Any

from sweeps.hardware.slots import Slot
from sweeps.store import Store

log = logging.getLogger(__name__)


class WorkerProcess:
    """A started `sweeps.running.worker --pipes`, in our own process group."""

    def __init__(self, slot: Slot, store: Store, lease_timeout: float) -> None:
        self.slot = slot
        self.busy = False
        """Whether it runs a stage."""
        self.ready = False
        """Its interpreter runs; before that a death is no stage's fault."""
        self.warm = False
        """All that the stages import is imported."""
        self.leaves_by = math.inf
        """When it is killed, where it was told to leave."""
        self._unread = b""
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives with the worker
        command = [sys.executable, "-P", "-m", "sweeps.running.worker", "--pipes"]
        command += ["--store", str(store.path), "--threads", str(slot.threads)]
        command += ["--lease-timeout", str(lease_timeout)]
        path = [entry or os.getcwd() for entry in sys.path]
        environment = {**os.environ, "PYTHONHASHSEED": "0", **slot.environment}
        environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(path))
        # A Ctrl-C between its start and its own handler must not kill it: it inherits the mask.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=environment,
                bufsize=0,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        assert self.process.stdout is not None
        self.replies = self.process.stdout

    def send(self, **command: Any) -> None:
        """Give a command; that a worker is dead shows in what it sends, not here."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(command).encode() + b"\n")
        except BrokenPipeError:
            log.debug("Worker %d is gone", self.process.pid)

    @property
    def leaving(self) -> bool:
        """Whether it was told to leave, and takes no other stage."""
        return self.leaves_by < math.inf

    def let_go(self, seconds: float) -> None:
        """Tell it to leave within so many seconds."""
        self.leaves_by = time.monotonic() + seconds
        self.send(command="exit")

    def read(self) -> tuple[list[dict[str, Any]], bool]:
        """The messages that have come, and whether more can come."""
        chunk = os.read(self.replies.fileno(), 1 << 16)
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        return [json.loads(line) for line in lines], bool(chunk)

    def last_words(self) -> str:
        """The last line on its stderr outside of stages."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def close(self) -> None:
        """Reap the process and free what it held."""
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.replies.close()
        self._errors.close()

    def how_it_died(self) -> str:
        """In words, once it is dead."""
        status = self.process.wait()
        if status >= 0:
            return f"left with status {status}"
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        hint = " (often: out of memory)" if name == "SIGKILL" else ""
        return f"was killed by {name}{hint}"
