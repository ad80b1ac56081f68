"""A tiny study on invented data: tasks, a corpus and stages that train in a second or two."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lab.corpora.tokenized import write_tokens
from lab.metrics import accuracy
from lab.parts import Parts
from lab.vocabulary import Vocabulary, train_vocabulary
from t5study.tasks import get_task
from t5study.training.examples import KEPT

TEXT = "red green blue cat dog bird sun moon star tree river stone bread water wine"
WORDS = TEXT.split()


class Interrupted(BaseException):
    """What a stage leaves with when it was asked to stop."""


class FakeContext:
    """The context that an orchestrator gives, stopping at a step when told to."""

    def __init__(self, work: Path, earlier: list[Path] | None = None, stop_at: int | None = None):
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.earlier = work, earlier or []
        self.device, self.threads, self.attempt = "cpu", 1, 1
        self.ranks: Any = None
        self.facts: dict[str, Any] = {}
        self.execution: dict[str, Any] = {}
        self._stop_at, self._calls = stop_at, 0

    def progress(self, step: int, total: int, **numbers: float) -> None:
        """Nobody watches."""

    def should_stop(self) -> bool:
        self._calls += 1
        return self._stop_at is not None and self._calls >= self._stop_at

    def stop(self) -> None:
        raise Interrupted

    def assert_owned(self) -> None:
        """Always ours."""

    def record(self, **facts: Any) -> None:
        self.facts |= facts


@pytest.fixture
def context(tmp_path: Path) -> FakeContext:
    """One of a run that nothing interrupts; what it records lies in `facts`."""
    return FakeContext(tmp_path / "work")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Folders of a vocabulary stage and a corpus stage."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, size=40)) + "." for _ in range(60)]
    for name in ("vocabulary", "corpus"):
        (root / name).mkdir()
    train_vocabulary(iter(texts), 36, root / "vocabulary")
    vocabulary = Vocabulary(root / "vocabulary")
    write_tokens(vocabulary.encode_batch(texts), root / "corpus", pieces=vocabulary.pieces)
    return SimpleNamespace(vocabulary=root / "vocabulary", corpus=root / "corpus")


MODEL = {
    "architecture": "encoder_decoder",
    "vocab_size": 128,
    "d_model": 16,
    "d_ff": 32,
    "d_kv": 8,
    "num_heads": 2,
    "num_layers": 1,
    "num_decoder_layers": 1,
    "dropout_rate": 0.1,
}


@pytest.fixture
def pretrain_config() -> dict[str, Any]:
    return {
        "model": dict(MODEL),
        "sentinels": 20,
        "objective": {"name": "iid", "noise_density": 0.15, "targets_style": "released"},
        "corpus_tokens": None,
        "mixture": None,
        "inputs_length": 24,
        "targets_length": 16,
        "batch_size": 8,
        "steps": 30,
        "hold": 100,
        "ramp": 0.0,
        "z_loss": 1e-4,
        "normalizer": "padded",
        "seed": 3,
        "precision": "32-true",
    }


@pytest.fixture
def finetune_config() -> dict[str, Any]:
    return {
        "tasks": TOY,
        "validation": TOY,
        "mixing": None,
        "method": {"name": "all"},
        "inputs_length": 16,
        "targets_length": 4,
        "batch_size": 8,
        "packing": False,
        "steps": 30,
        "learning_rate": 0.02,
        "checkpoint_every": 10,
        "validation_examples": 12,
        "train_examples": None,
        "z_loss": 1e-4,
        "normalizer": "padded",
        "seed": 5,
        "precision": "32-true",
    }


class ToyTask:
    """Say whether the first word is a colour."""

    name = "toy_color"
    labels: tuple[str, ...] | None = None
    metrics = ("acc",)
    splits = ("train", "validation", "test")

    def examples(self, split: str, tally: Any = None) -> list[dict[str, Any]]:
        return [example for raw in self.load(split) for example in self.preprocess(raw)]

    def load(self, split: str) -> list[dict[str, Any]]:
        rng = np.random.default_rng({"train": 1, "validation": 2, "test": 3}[split])
        rows = [" ".join(rng.choice(WORDS, size=3)) for _ in range(40)]
        return [{"text": row, "label": int(row.split()[0] in WORDS[:3])} for row in rows]

    def preprocess(self, raw: dict[str, Any]) -> list[dict[str, Any]]:
        answer = ("water", "wine")[raw["label"]]
        return [{"inputs": raw["text"], "targets": answer, "label": raw["label"]}]

    def target(self, example: dict[str, Any]) -> int:
        return int(example["label"])

    def postprocess(self, text: str, example: dict[str, Any] | None = None) -> int:
        return {"water": 0, "wine": 1}.get(text.strip(), -1)

    def score(self, targets: list[int], predictions: list[int]) -> dict[str, float]:
        right = [a == b for a, b in zip(targets, predictions, strict=True)]
        return {"acc": 100.0 * sum(right) / len(right)}

    def ceiling(self, examples: list[dict[str, Any]]) -> dict[str, float]:
        return {"acc": 100.0}

    def parts(self, targets: list[int], predictions: list[int]) -> list[Parts]:
        return accuracy.parts(targets, predictions)

    def constant_score(self, train: list[int], targets: list[int]) -> dict[str, float]:
        return max(
            (self.score(targets, [c] * len(targets)) for c in (0, 1)), key=lambda s: s["acc"]
        )


@pytest.fixture
def toy_task(monkeypatch: pytest.MonkeyPatch) -> ToyTask:
    """Have every training module find the toy task under its name."""
    task = ToyTask()

    def get(name: str, **settings: Any) -> Any:
        return task if name == task.name else get_task(name, **settings)

    monkeypatch.setattr("t5study.tasks.chosen.get_task", get)
    # Its description names no data, and tests give it other rows.
    KEPT.clear()
    return task


TOY = {"toy_color": {"settings": {}, "data": {}}}


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Path]:
    """Run a stage to its end, interrupted after given numbers of steps; gives its folder.

    After the first interruption `execution_then` changes how it is run.
    """

    def go(
        run: Callable[..., None],
        config: dict[str, Any],
        inputs: dict[str, Path],
        name: str,
        stops: tuple[int, ...] = (),
        moves: bool = False,
        ranks: Any = None,
        execution_then: dict[str, Any] | None = None,
        **execution: Any,
    ) -> Path:
        out = tmp_path / name / "out"
        out.mkdir(parents=True)
        earlier: list[Path] = []
        for attempt, stop in enumerate((*stops, None)):
            work = tmp_path / name / f"work{attempt if moves else 0}"
            context = FakeContext(work, earlier=list(earlier), stop_at=stop)
            context.ranks = ranks
            context.execution |= execution
            if attempt:
                context.execution |= execution_then or {}
            if moves:
                earlier.insert(0, work)
            if stop is None:
                run(config, inputs, out, context)
            else:
                with pytest.raises(Interrupted):
                    run(config, inputs, out, context)
        return out

    return go


def scores(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "scores.json").read_text())
    return result
