"""Checkpoint selection: each task's best on validation, chosen on its own (section 2.4)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from lab.vocabulary import Vocabulary
from t5study.model.transformer import EncoderDecoder, LanguageModel
from t5study.tasks.chosen import described, examples
from t5study.training.answers import answer, ask, score
from t5study.training.checkpoint import save

LAST_MODEL = "last.pt"


class Validator:
    """Scores checkpoints on validation and keeps those that are some task's best so far.

    `memory` is what a resumed run needs to go on choosing; it travels in the run's checkpoint.
    """

    def __init__(
        self,
        model: EncoderDecoder | LanguageModel,
        vocabulary: Vocabulary,
        config: Mapping[str, Any],
        work: Path,
        extra: Mapping[str, Any],
    ) -> None:
        self.model, self._vocabulary, self._config = model, vocabulary, config
        self._work, self._extra = work, extra
        self.memory: dict[str, Any] = {"validation": {name: [] for name in config["validation"]}}
        self._questions = {
            name: ask(
                described(name, description),
                "validation",
                examples(name, "validation", description),
                vocabulary,
                config["inputs_length"],
                config["validation_examples"],
            )
            for name, description in config["validation"].items()
        }

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
        for name, questions in self._questions.items():
            texts = answer(
                self.model,
                questions,
                self._vocabulary,
                max_length=self._config["targets_length"],
                precision=self._config["precision"],
            )
            scores = score(questions, texts)
            entry = {"step": step, "mean": fmean(scores.values()), **scores}
            self.memory["validation"][name].append(entry)
        if step in self._winners():
            save(self._path(step), self.model, **self._extra)

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
        save(out / LAST_MODEL, self.model, **self._extra)
        together = self._path(self.best_together())
        selection = {}
        for name, history in self.memory["validation"].items():
            best = self._path(self.best(name))
            for path in (best, together):
                if not (out / path.name).exists():
                    shutil.copy2(path, out / path.name)
            selection[name] = {
                "best": best.name,
                "best_together": together.name,
                "last": LAST_MODEL,
                "validation": history,
            }
        (out / "selection.json").write_text(json.dumps(selection, indent=1))

    def _winners(self) -> set[int]:
        return {self.best(name) for name in self._questions} | {self.best_together()}

    def _path(self, step: int) -> Path:
        return self._work / f"step_{step}.pt"
