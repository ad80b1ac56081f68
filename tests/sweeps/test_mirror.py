"""wandb mirrors a stage's numbers when asked to, under the stage's key, and can break nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from sweeps.running.mirror import VARIABLE
from sweeps.store import Store

ROOT = Path(__file__).parents[2]
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
