"""Early stopping: no epoch behind the one that exhausts the patience counts (section 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.training.selection import Validator


class Patient(Validator):
    """Validates after each epoch, and calls `stop` after so many that bring nothing better.

    Epochs behind that one, which a training that was interrupted there may have, are not chosen;
    without `patience` none is behind it.
    """

    def __init__(
        self, *args: Any, patience: int | None, stop: Callable[[], None], **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self._patience, self._stop = patience, stop

    def best(self, task: str) -> int:
        """The first step with the highest score, of those until the patience ended."""
        counted = self.counted(task)
        return int(max(counted, key=lambda entry: (entry["mean"], -entry["step"]))["step"])

    def counted(self, task: str) -> list[dict[str, float]]:
        """The epochs until the one that ended the patience, or all of them."""
        history: list[dict[str, float]] = self.memory["validation"][task]
        best = 0
        for place, entry in enumerate(history):
            if entry["mean"] > history[best]["mean"]:
                best = place
            if self._patience is not None and place - best >= self._patience:
                return history[: place + 1]
        return history

    def best_together(self) -> int:
        """There is one task."""
        return max(self.best(task) for task in self.memory["validation"])

    def __call__(self, step: int) -> None:
        """Score the model, and stop where the patience ended."""
        super().__call__(step)
        if self._patience is None:
            return
        for task, history in self.memory["validation"].items():
            counted = self.counted(task)
            places = [entry["step"] for entry in counted]
            waited = len(counted) - 1 - places.index(self.best(task))
            if len(counted) < len(history) or waited >= self._patience:
                self._stop()
