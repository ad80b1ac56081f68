"""What an orchestrator gives to a stage, for tests that run one by itself."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any


class Interrupted(BaseException):
    """What a stage leaves with when it was asked to stop."""


class Context:
    """Stops after `stop_at` steps, and kills itself after as many as DIES in the environment says.

    `facts` are what the stage recorded.
    """

    def __init__(
        self, work: Path, *, earlier: list[Path] | None = None, stop_at: int = 0, ranks: Any = None
    ) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.earlier = work, earlier or []
        self.device, self.threads, self.ranks = "cpu", 1, ranks
        self.execution: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self._stop_at, self._steps = stop_at, 0

    def progress(self, step: int, total: int, **numbers: float) -> None:
        """Nobody watches."""

    def should_stop(self) -> bool:
        self._steps += 1
        if self._steps == int(os.environ.get("DIES", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        return self._steps == self._stop_at

    def stop(self) -> None:
        raise Interrupted

    def assert_owned(self) -> None:
        """Always ours."""

    def record(self, **facts: Any) -> None:
        self.facts |= facts
