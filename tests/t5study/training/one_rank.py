"""One process of several: `one_rank.py RUNS RANK` trains the runs of a file one after the other."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Stopped(BaseException):
    """What a stage leaves with when it was asked to stop."""


class Context:
    """What an orchestrator gives; the lead is told to stop, or breaks, after so many steps."""

    def __init__(self, given: dict[str, Any], rank: int) -> None:
        self.work, self.earlier = Path(given["work"]), [Path(one) for one in given["earlier"]]
        self.device, self.threads, self.attempt = "cpu", 1, 1
        self.ranks: Any = None
        self.execution: dict[str, Any] = given["execution"]
        if given["strategy"]:
            self.ranks = SimpleNamespace(
                rank=rank,
                world=given["world"],
                local_rank=rank,
                nodes=1,
                address="127.0.0.1",
                port=given["port"],
                strategy=given["strategy"],
            )
        self._lead = rank == 0
        self._steps, self._stop_at, self._break_at = 0, given["stop_at"], given["break_at"]

    def progress(self, step: int, total: int, **numbers: float) -> None:
        """Nobody watches."""

    def should_stop(self) -> bool:
        assert self._lead, "the lead alone is asked"
        self._steps += 1
        if self._steps == self._break_at:
            raise RuntimeError("the lead breaks")
        return bool(self._steps == self._stop_at)

    def stop(self) -> None:
        raise Stopped

    def assert_owned(self) -> None:
        assert self._lead, "the lead alone owns"

    def record(self, **facts: Any) -> None:
        """Not read here."""


def train(given: dict[str, Any], rank: int) -> str:
    run = import_module(f"t5study.training.{given['stage']}").run
    inputs = {role: Path(path) for role, path in given["inputs"].items()}
    try:
        run(given["config"], inputs, Path(given["out"]) / str(rank), Context(given, rank))
    except Stopped:
        return "stopped"
    except Exception as error:
        if not given["break_at"]:
            raise
        return str(error)
    return "done"


def main(runs: Path, rank: int) -> None:
    from t5study.tasks import chosen, get_task

    task = import_module("conftest").ToyTask()
    chosen.get_task = lambda name, **more: task if name == task.name else get_task(name, **more)
    for given in json.loads(runs.read_text()):
        (Path(given["out"]) / str(rank)).mkdir(parents=True)
        ended = train(given, rank)
        (Path(given["out"]) / f"ended{rank}").write_text(ended)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
