"""Curves and scores of stages in wandb, where a run asks for it: a mirror that nothing reads."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sweeps.store import Store

VARIABLE = "SWEEPS_WANDB"
"""Carries the run's choice to its workers and jobs, which inherit the environment."""

log = logging.getLogger(__name__)


def ask_for(mode: str) -> None:
    """Have the stages that this process starts mirrored: `off`, `offline` or `online`."""
    os.environ[VARIABLE] = mode


class Mirror:
    """One attempt at a stage as a segment of the wandb run that has the stage's key as its id.

    Begun by the first number, so that a stage without any leaves no run. Under a fixed id a
    resumed stage goes on in the same run; a step that it trains again is dropped there, and has
    the same numbers. Whatever goes wrong is a line in the stage's log.
    """

    def __init__(self, store: Store, spec: Mapping[str, Any]) -> None:
        self._store = store
        self._spec = spec
        self._mode: Any = os.environ.get(VARIABLE, "off")
        self._run: Any = None

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """A point of the stage's curves."""
        if numbers:
            self._tell(lambda run: run.log(dict(numbers), step=step))

    def close(self, published: Path | None) -> None:
        """The scores of a stage that is published, and the end of this segment."""
        scores = published / "scores.json" if published else None
        if scores is not None and scores.is_file():
            tasks = json.loads(scores.read_bytes())
            flat = {f"{task}/{name}": v for task, of in tasks.items() for name, v in of.items()}
            self._tell(lambda run: run.summary.update(flat))
        if self._run is not None:
            self._tell(lambda run: run.finish(exit_code=0 if published else 1))
            self._run = None

    def _tell(self, act: Callable[[Any], Any]) -> None:
        if self._mode == "off":
            return
        try:
            if self._run is None:
                self._run = self._begin()
            act(self._run)
        except Exception:
            log.warning("wandb does not mirror this stage any further", exc_info=True)
            self._mode = "off"

    def _begin(self) -> Any:
        import wandb

        spec = self._spec
        return wandb.init(
            project=os.environ.get("WANDB_PROJECT") or spec["run"].split(".")[0],
            id=spec["key"],
            name=f"{spec['name']} {spec['key']}",
            group=spec["name"],
            config=dict(spec["config"]),
            mode=self._mode,
            dir=self._store.path,
            resume="allow",
            settings=wandb.Settings(silent=True, console="off"),
        )
