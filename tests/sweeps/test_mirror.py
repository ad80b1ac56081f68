"""wandb mirrors a stage's numbers when asked to, under the stage's key, and can break nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.running.mirror import VARIABLE, place_of
from sweeps.store import Store

ROOT = Path(__file__).parents[2]
KEYS = {name: letter * 20 for name, letter in zip("pteo", "abcd", strict=True)}
STUDY = """
import json
def train(config, inputs, out, context):
    for step in range(1, 41):
        context.progress(step, 40, loss=config["start"] / step)
    (out / "scores.json").write_text(json.dumps({"game": {"acc": config["acc"]}}))
def prepare(config, inputs, out, context):
    context.progress(1, 1)
"""


def run(toy, store: Store, stage, **environment: str) -> None:
    """Run a stage in a process of its own: wandb writes its files when that ends."""
    (toy.folder / "curves.py").write_text(STUDY)
    store.write_spec(stage)
    subprocess.run(
        [sys.executable, "-m", "sweeps.running.worker", "--store", store.path, "--key", stage.key],
        env={**os.environ, "PYTHONPATH": f"{toy.folder}:{ROOT}", **environment},
        check=True,
        capture_output=True,
    )
    assert store.find(stage) is not None


def made(toy, function: str, **config: float):
    stage = toy.stage("text", "train", **config)
    object.__setattr__(stage, "run", f"curves.{function}")
    return stage


def test_every_point_and_the_scores_reach_wandb(toy, store):
    """Also points that come faster than a screen needs them; the run's id is the key."""
    stage = made(toy, "train", start=0.8125, acc=61.375)
    run(toy, store, stage, **{VARIABLE: "offline"})
    (folder,) = (store.path / "wandb").glob("offline-run-*")
    kept = (folder / f"run-{stage.key}.wandb").read_bytes()
    points = [json.dumps(0.8125 / step).encode() for step in (1, 2, 20, 40)]
    assert all(point in kept for point in points)
    assert b"game/acc" in kept
    assert b"61.375" in kept
    assert (store.find(stage) / "scores.json").is_file()


def test_off_by_default_and_for_a_stage_without_numbers(toy, store):
    """No folder of wandb's appears."""
    run(toy, store, made(toy, "train", start=1.0, acc=1.0), **{VARIABLE: "off"})
    run(toy, store, made(toy, "prepare"), **{VARIABLE: "offline"})
    assert not (store.path / "wandb").exists()


def test_a_mirror_that_breaks_is_a_line_in_the_log(toy, store):
    """The stage is finished all the same."""
    stage = made(toy, "train", start=1.0, acc=2.0)
    run(toy, store, stage, **{VARIABLE: "no such mode"})
    assert "does not mirror this stage" in (store.find(stage) / "log.txt").read_text()


def row(label: str, seeds: dict[int, tuple[str, ...]], **more):
    """A row of a record: by seed the keys of its training and of its evaluation."""
    cells = [
        {"seed": seed, "config": {}, "scores": {"game": keys[-1]}, "stages": sorted(keys)}
        for seed, keys in seeds.items()
    ]
    return {"label": label, "cells": cells, **more}


@pytest.fixture
def recorded(store: Store) -> Store:
    """A sweep of two rows whose pre-training is shared."""
    stage = {"name": "train", "label": "train game span seed 0", "inputs": {"p": KEYS["p"]}}
    record = {
        "id": "toy/grid-1",
        "name": "toy/grid-1",
        "order": 2,
        "rows": [
            row(
                "span, 15%",
                {0: (KEYS["p"], KEYS["t"], KEYS["e"])},
                overrides=["objective=span", "rate=0.15", f"note={'x' * 80}"],
                baseline=True,
            ),
            row("iid, 15%", {0: (KEYS["p"], KEYS["o"])}, overrides=["objective=iid", "rate=0.15"]),
        ],
        "stages": {
            KEYS["p"]: {"name": "pretrain", "label": "pretrain", "inputs": {}},
            KEYS["t"]: stage,
            KEYS["e"]: {"name": "evaluate", "label": "", "inputs": {"m": KEYS["t"]}},
            KEYS["o"]: {"name": "evaluate", "label": "", "inputs": {"m": KEYS["p"]}},
        },
    }
    path = store.path / "sweeps/toy/grid-1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record))
    old = {**record, "id": "old", "name": "old", "order": 1}
    (store.path / "sweeps/old.json").write_text(json.dumps(old))
    return store


def test_a_run_goes_by_its_row_task_and_seed(recorded: Store) -> None:
    """In the group of the newest sweep and the row, tagged with what the row sets."""
    place = place_of(recorded, KEYS["t"])
    assert place.name == "train game span seed 0"
    assert place.group == "toy/grid-1: span, 15%"
    assert place.tags == ("objective=span", "rate=0.15", f"note={'x' * 56}...", "baseline")
    assert all(len(tag) <= 64 for tag in place.tags)
    assert place.cell == {
        "sweep": "toy/grid-1",
        "row": "span, 15%",
        "rows": ["span, 15%"],
        "tasks": ["game"],
        "seeds": [0],
    }


def test_a_stage_of_several_rows_is_in_the_group_of_their_sweep(recorded: Store) -> None:
    """With the tags that all of them share; a stage of no sweep has no place."""
    place = place_of(recorded, KEYS["p"])
    assert place.group == "toy/grid-1"
    assert place.tags == ("rate=0.15",)
    assert place.cell["row"] == "shared by 2 rows"
    assert place_of(recorded, "f" * 20).group == ""


def test_wandb_has_name_group_and_tags_of_the_row(toy, store) -> None:
    """As it writes them, for a stage that a record names; scores stand beside the losses."""
    stage = made(toy, "train", start=1.0, acc=61.375)
    record = {
        "id": "grid-2",
        "rows": [row("a row", {7: (stage.key,)}, overrides=["rate=0.15"])],
        "stages": {stage.key: {"name": "train", "label": "train game a row seed 7"}},
    }
    path = store.path / "sweeps/grid-2.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    run(toy, store, stage, **{VARIABLE: "offline"})
    (folder,) = (store.path / "wandb").glob("offline-run-*")
    kept = (folder / f"run-{stage.key}.wandb").read_bytes()
    for text in ("train game a row seed 7", "grid-2: a row", "rate=0.15", "score/game/acc"):
        assert text.encode() in kept
