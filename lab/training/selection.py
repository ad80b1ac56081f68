"""Checkpoint selection: each task's best on validation, chosen on its own, or one for all."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

Scores = Mapping[str, Mapping[str, float]]
"""Task -> metric -> score; higher is better."""

LAST_MODEL = "last.pt"

log = logging.getLogger(__name__)


class Validator:
    """Scores checkpoints on validation and keeps those that are some task's best so far.

    `judge` gives a model's scores on the `tasks`, `save` writes a model to a path. `memory` is what
    a resumed run needs to go on choosing; it travels in the run's checkpoint.
    """

    def __init__(
        self,
        model: Any,
        judge: Callable[[Any], Scores],
        tasks: Iterable[str],
        *,
        save: Callable[[Path, Any], None],
        work: Path,
        constants: Mapping[str, float] | None = None,
    ) -> None:
        """`constants` are the scores of the tasks' best constant answers, published beside."""
        self.model, self._judge, self._save = model, judge, save
        self._work = work
        self._constants = constants or {}
        self.memory: dict[str, Any] = {"validation": {name: [] for name in tasks}}

    def best(self, task: str) -> int:
        """The first step with the task's highest mean over its metrics."""
        history = self.memory["validation"][task]
        return int(max(history, key=lambda entry: (entry["mean"], -entry["step"]))["step"])

    def best_together(self) -> int:
        """The first step with the highest mean over the tasks of each one's mean."""
        steps = zip(*self.memory["validation"].values(), strict=True)
        means = [(fmean(e["mean"] for e in at), -at[0]["step"]) for at in steps]
        return -max(means)[1]

    def __call__(self, step: int) -> None:
        """Score the model as it is after `step`, and keep it where it is a best one."""
        judged = self._judge(self.model)
        for name, history in self.memory["validation"].items():
            scores = judged[name]
            history.append({"step": step, "mean": fmean(scores.values()), **scores})
            told = ", ".join(f"{metric} {score:.2f}" for metric, score in scores.items())
            log.info("validation of %s after update %d: %s", name, step, told)
        if step in self._winners():
            self._save(self._path(step), self.model)

    def newest(self) -> dict[str, float]:
        """The mean score of the newest checkpoint on each task, as `validation/task`."""
        histories = self.memory["validation"].items()
        return {f"validation/{name}": history[-1]["mean"] for name, history in histories if history}

    def prune(self) -> None:
        """Remove what can win no more; only once the run's checkpoint knows of the winners."""
        kept = {self._path(step) for step in self._winners()}
        for path in self._work.glob("step_*.pt"):
            if path not in kept:
                path.unlink()

    def carry(self, folder: Path) -> None:
        """Fetch the checkpoints that can still win from another work folder."""
        for path in folder.glob("step_*.pt"):
            shutil.copy2(path, self._work / path.name)

    def publish(self, out: Path) -> None:
        """Write the checkpoints that a rule may choose, and selection.json that names them."""
        self._save(out / LAST_MODEL, self.model)
        together = self._path(self.best_together())
        selection = {}
        for name, history in self.memory["validation"].items():
            best = self._path(self.best(name))
            log.info("best on validation of %s: the checkpoint of update %d", name, self.best(name))
            for path in (best, together):
                if not (out / path.name).exists():
                    shutil.copy2(path, out / path.name)
            selection[name] = {
                "best": best.name,
                "best_together": together.name,
                "last": LAST_MODEL,
                "validation": history,
            }
            if name in self._constants:
                selection[name]["constant"] = self._constants[name]
        (out / "selection.json").write_text(json.dumps(selection, indent=1))

    def _winners(self) -> set[int]:
        return {self.best(name) for name in self.memory["validation"]} | {self.best_together()}

    def _path(self, step: int) -> Path:
        return self._work / f"step_{step}.pt"
