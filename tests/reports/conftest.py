"""Tiny stores of the shapes that runs leave behind, written file by file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class StoreBuilder:
    """Writes sweeps' records, finished stages, failures and leases."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stages: dict[str, dict[str, Any]] = {}
        self.rows: list[dict[str, Any]] = []
        self.columns: list[dict[str, Any]] = []
        self.references: list[dict[str, str]] = []

    @staticmethod
    def key(*names: object) -> str:
        """A key that depends on `names` alone."""
        return hashlib.sha256(repr(names).encode()).hexdigest()[:20]

    def write(self, path: str, value: Any) -> Path:
        """A file below the store: text as it is, anything else as JSON."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(value if isinstance(value, str) else json.dumps(value))
        return file

    def column(self, name: str, *groups: list[str], **more: Any) -> None:
        """A column: each group lists `task.metric` texts."""
        terms = [[term.split(".") for term in group] for group in groups]
        self.columns.append({"name": name, "terms": terms, "decimals": 2, **more})

    def stage(self, name: str, key: str, inputs: Mapping[str, str] | None = None) -> str:
        """Name a stage in the record, finished or not."""
        self.stages[key] = {"name": name, "inputs": dict(inputs or {})}
        return key

    def finish(
        self,
        key: str,
        provenance: Mapping[str, Any] | None = None,
        notes: list[str] | None = None,
        diverged: str | None = None,
        **files: Any,
    ) -> Path:
        """Publish a stage; `files` are written by name, `scores` as scores.json."""
        stage = self.stages[key]
        facts = {
            "schema": 1,
            "name": stage["name"],
            "version": 1,
            "key": key,
            "config": {"seed": 0},
            "inputs": stage["inputs"],
            "run": f"toy.{stage['name']}",
            "provenance": {
                "git_commit": COMMIT,
                "git_dirty": False,
                "python": "3.11.2",
                "packages": {"torch": "2.13.0"},
                "host": "here",
                "device": "cpu",
                "threads": 1,
                "world_size": 1,
                **(provenance or {}),
            },
            "started": "2026-01-01T00:00:00+00:00",
            "finished": "2026-01-01T00:01:00+00:00",
            "wall_seconds": 60.0,
            "attempt": 1,
            "facts": {"flops": 1e12}
            | ({"notes": notes} if notes else {})
            | ({"diverged": diverged} if diverged else {}),
        }
        folder = f"{stage['name']}/{key}"
        for file, content in files.items():
            suffix = {"metrics": "csv", "predictions": "jsonl", "log": "txt"}.get(file, "json")
            self.write(f"{folder}/{file}.{suffix}", content)
        self.write(f"{folder}/stage.json", facts)
        return self.path / folder

    def row(
        self,
        label: str,
        runs: list[Mapping[str, Mapping[str, float]] | None],
        *,
        baseline: bool = False,
        constant: Mapping[str, Mapping[str, float]] | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """A row with one run a seed; None is a run whose evaluation is not there."""
        cells, keys = [], []
        tasks = list(dict.fromkeys(t for c in self.columns for g in c["terms"] for t, _ in g))
        for seed, scores in enumerate(runs):
            train = self.stage("pretrain", self.key("pretrain", label, seed))
            key = self.stage("evaluate", self.key("evaluate", label, seed), {"member_0": train})
            if scores is not None:
                self.finish(train, provenance)
                self.finish(key, provenance, scores=scores, constant=constant or {})
            cells.append(
                {
                    "seed": seed,
                    "config": {"label": label, "seed": seed},
                    "scores": dict.fromkeys(tasks, key),
                    "stages": sorted([train, key]),
                }
            )
            keys.append(key)
        self.rows.append(
            {"label": label, "overrides": [label], "baseline": baseline, "cells": cells}
        )
        return keys

    def fail(self, key: str, error: str, kind: str = "error", attempt: int = 1) -> None:
        """A failed attempt at a stage."""
        record = {"schema": 1, "key": key, "attempt": attempt, "kind": kind, "error": error}
        self.write(f"failures/{key}/{attempt}.json", record)

    def add_diverged(self, keys: list[str], why: str) -> None:
        """Score "check" of each evaluation by a stage that says that its training diverged."""
        for key in keys:
            cell = next(c for r in self.rows for c in r["cells"] if key in c["stages"])
            judged = self.stage("check", self.key("check", key))
            self.finish(judged, diverged=why, scores={"check": {"loss": 7.0}})
            cell["scores"]["check"] = judged
            cell["stages"].append(judged)

    def record(self, id: str = "toy", **more: Any) -> Path:
        """Write the sweep's record and give the store's path."""
        record = {
            "schema": 1,
            "id": id,
            "title": "A toy sweep",
            "section": None,
            "study": "toy",
            "created": "2026-01-01T00:00:00+00:00",
            "command": ["run.py", "-m", "lr=0.1,0.5"],
            "sweep_file": None,
            "common": [],
            "seeds": {"baseline": 3, "variants": 1},
            "rows": self.rows,
            "columns": self.columns,
            "references": self.references,
            "selection": "best checkpoint for each task on validation",
            "footnotes": [],
            "stages": self.stages,
            "search": None,
            **more,
        }
        self.write(f"sweeps/{id}.json", record)
        return self.path


@pytest.fixture
def builder(tmp_path: Path) -> StoreBuilder:
    """An empty store to be filled."""
    return StoreBuilder(tmp_path / "store")


@pytest.fixture
def full(builder: StoreBuilder) -> StoreBuilder:
    """A sweep with a ruler, a failed row, a row short of a run, a hard label and a constant.

    Its record is not written yet.
    """
    builder.column("Mood", ["mood.acc"], paper="GLUE", kind="classification", words="accuracy")
    builder.column("Pairs", ["pairs.f1", "pairs.acc"], decimals=1, words="mean of F1 and accuracy")
    builder.column("Average", ["mood.acc"], ["pairs.f1", "pairs.acc"], average=True)
    builder.references = [{"label": "Best constant answer", "file": "constant.json"}]
    constant = {"mood": {"acc": 50.0}, "pairs": {"f1": 0.0, "acc": 61.2}}

    def scores(mood: float, f1: float, acc: float) -> dict[str, dict[str, float]]:
        return {"mood": {"acc": mood}, "pairs": {"f1": f1, "acc": acc}}

    builder.row(
        "15% of tokens",
        [scores(70.0, 60.0, 70.0), scores(71.0, 62.0, 70.0), scores(72.0, 61.0, 73.0)],
        baseline=True,
        constant=constant,
    )
    builder.row("50% & more_of *them* | Größe ≥ 中", [scores(72.5, 50.0, 60.0)], constant=constant)
    builder.row("two seeds", [scores(69.5, 63.0, 70.0), None], constant=constant)
    (key,) = builder.row("diverges", [None])
    builder.fail(builder.stages[key]["inputs"]["member_0"], "loss is nan at step 12", "diverged")
    return builder
