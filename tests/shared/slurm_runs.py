"""Runs on a test's own SLURM: settings, what they say, what they submitted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from sweeps.settings import Slurm
from sweeps.store import Store

SETTINGS: dict[str, Any] = {
    "wait": True,
    "max_jobs": 100,
    "threads": None,
    "lease_timeout": 20.0,
    "parallel": "ddp",
    "slurm": {**vars(Slurm()), "time_minutes": 5, "stages": {}, "extra": {}},
}


def settings(**changed: Any) -> dict[str, Any]:
    slurm = {**SETTINGS["slurm"], **changed.pop("slurm", {})}
    return {**SETTINGS, **changed, "slurm": slurm}


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.1)
    raise AssertionError("it never came true")


class Told:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def begin(self, board: Any) -> None:
        self.board = board

    def changed(self, key: str) -> None:
        pass

    def stepped(self, key: str) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)

    def end(self) -> None:
        pass


def array_ids(store: Store) -> list[list[list[str]]]:
    """Elements of every submission there was, oldest first."""
    records = [json.loads(p.read_text()) for p in store.path.glob("slurm/*/submission.json")]
    return [one["elements"] for one in sorted(records, key=lambda one: one["created"])]
