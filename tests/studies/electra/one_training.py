"""A pre-training of the ELECTRA study: `one_training.py FILE [RANK WORLD PORT STRATEGY]`.

The file says with which configuration, inputs and folder. With DIES in the environment the process
kills itself after so many steps.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lab.training import fit
from studies.electra.training import pretrain


class Interrupted(BaseException):
    """What a stage leaves with when it was asked to stop."""


class Context:
    """What an orchestrator gives, stopping or dying after so many steps when told to."""

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


def train(given: Mapping[str, Any], ranks: Any = None) -> None:
    """Saves at every step."""
    fit.SAVE_SHARE = 1.0
    fit.Keeper.__init__.__kwdefaults__["save_seconds"] = 0.0
    folder = Path(given["folder"])
    out = folder / "out" / str(ranks.rank if ranks else 0)
    out.mkdir(parents=True, exist_ok=True)
    inputs = {role: Path(path) for role, path in given["inputs"].items()}
    pretrain.run(given["config"], inputs, out, Context(folder / "work", ranks=ranks))


if __name__ == "__main__":
    team = None
    if len(sys.argv) > 2:
        rank, world, port, strategy = sys.argv[2:]
        team = SimpleNamespace(
            rank=int(rank),
            world=int(world),
            address="127.0.0.1",
            port=int(port),
            strategy=strategy,
        )
    train(json.loads(Path(sys.argv[1]).read_text()), team)
