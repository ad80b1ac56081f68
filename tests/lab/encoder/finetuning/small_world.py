"""A vocabulary of words, rows on disk, settings: `small_world.py FOLDER` fine-tunes on them.

With DIES in the environment the process kills itself after so many steps.
"""

from __future__ import annotations

import csv
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lab.datasets.chosen import Chosen
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning import evaluate, finetune
from lab.encoder.wordpiece import given_wordpiece, keep_wordpiece, publish

WORDS = [f"w{number}" for number in range(40)]
ROLES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


class Context:
    """What an orchestrator gives; `facts` are what a stage recorded."""

    def __init__(self, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.earlier = work, list[Path]()
        self.device, self.threads, self.ranks = "cpu", 1, None
        self.execution: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self._steps = 0

    def progress(self, step: int, total: int, **numbers: float) -> None:
        """Nobody watches."""

    def should_stop(self) -> bool:
        self._steps += 1
        if self._steps == int(os.environ.get("DIES", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    def stop(self) -> None:
        """Never asked for."""

    def assert_owned(self) -> None:
        """Always."""

    def record(self, **facts: Any) -> None:
        self.facts |= facts


def vocabulary(folder: Path) -> Path:
    """Publish a vocabulary of WORDS, digits and some marks, and give its folder."""
    marks = [*"?.:,()-", *map(str, range(10)), "is", "are", "w", "##x", "##y"]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "vocab.txt"
    file.write_text("\n".join([*ROLES, *WORDS, *marks]) + "\n")
    keep_wordpiece(file)
    publish(given_wordpiece(file, lowercase=True), folder)
    return folder


def sentences(count: int, length: int = 6, seed: int = 0) -> list[list[str]]:
    """Sentences of 3 to `length` words, all different."""
    rng = np.random.default_rng(seed)
    found: dict[tuple[str, ...], None] = {}
    while len(found) < count:
        found[tuple(rng.choice(WORDS, rng.integers(3, length + 1)).tolist())] = None
    return [list(one) for one in found]


def defined(folder: Path, definition: str, rows: Iterable[Mapping[str, Any]]) -> Chosen:
    """The data set of a definition, whose rows are all of train, validation and test alike."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = list(rows)
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    data = "data: {train: rows.csv, validation: rows.csv, test: rows.csv}\n"
    (folder / "mine.yaml").write_text(data + definition)
    chosen = Chosen(str(folder / "mine.yaml"))
    for split in ("train", "validation", "test"):
        chosen.prepare(split)
    return chosen


def encoder(vocabulary: int, **changes: Any) -> dict[str, Any]:
    """A shape of two layers of 16."""
    shape = {"width": 16, "layers": 2, "heads": 2, "feed_forward": 32, "embedding": 16}
    return asdict(EncoderConfig(vocabulary=vocabulary, **{**shape, "positions": 64, **changes}))


def settings(data: Chosen, **changes: Any) -> dict[str, Any]:
    """The config of a fine-tuning from random weights."""
    return {
        "data": data.describe("train"),
        "encoder": encoder(80),
        "checkpoint": None,
        "inputs_length": 32,
        "batch_size": 16,
        "steps": 150,
        "rate": 3e-3,
        "layer_decay": 1.0,
        "form": "released",
        "warmup": 0.1,
        "through_warmup": True,
        "weight_decay": 0.0,
        "clip": 1.0,
        "reduction": "mean",
        "dropout": 0.0,
        "head": {"dropout": 0.0, "kernel": "glorot", "vector": "first", "spans": "joint"},
        "orders": 1,
        "examples": None,
        "selection": "last",
        "validation": None,
        "validation_examples": None,
        "checkpoint_every": None,
        "seed": 0,
        "precision": "32-true",
        **changes,
    }


def learned(folder: Path, config: Mapping[str, Any], **inputs: Path) -> Path:
    """Run a fine-tuning in a folder, whose `out` it publishes into; gives that."""
    out = folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    context = Context(folder / "work")
    finetune.run(config, {"vocabulary": vocabulary(folder / "vocabulary"), **inputs}, out, context)
    return out


def scored(
    folder: Path, data: Chosen, members: list[Path], **changes: Any
) -> tuple[Path, dict[str, Any]]:
    """Run an evaluation of fine-tunings on the test split; what it published, and recorded."""
    out = folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    context = Context(folder / "work")
    config = {
        "data": data.describe("test"),
        "split": "test",
        "train": data.describe("train"),
        "examples": None,
        "inputs_length": 32,
        "selection": "last",
        "summary": "median",
        "head": {"dropout": 0.0, "kernel": "glorot", "vector": "first", "spans": "joint"},
        "precision": "32-true",
        **changes,
    }
    inputs = {f"member_{number}": member for number, member in enumerate(members)}
    inputs["vocabulary"] = vocabulary(folder / "vocabulary")
    evaluate.run(config, inputs, out, context)
    return out, context.facts


LABELS = "kind: classification\nlabels: [no, yes]\nanswer: label\nfields: [text]\n"


def second_word(folder: Path, count: int = 32) -> Chosen:
    """Sentences whose label is whether their second word's number is even."""
    rows = [
        {"text": " ".join(one), "label": "no" if int(one[1][1:]) % 2 else "yes"}
        for one in sentences(count)
    ]
    return defined(folder, LABELS, rows)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    changes = {"dropout": 0.1, "steps": 40, "selection": "best", "checkpoint_every": 10}
    chosen = second_word(place / "data")
    learned(place, settings(chosen, validation=chosen.describe("validation"), **changes))
