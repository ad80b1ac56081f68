"""A submission that nobody takes: one reason, what to type, and nothing left behind as the last."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.store import Store

ROOT = Path(__file__).resolve().parents[2]
STUDY = """
import json
from types import SimpleNamespace as Stage
def cell(config):
    train = Stage(name="train", version=1, config={"lr": config["lr"]}, inputs={},
                  run="refused_study.train", cost=Stage())
    return {"scores": {"game": train},
            "columns": [{"name": "Game", "terms": [[["game", "acc"]]], "decimals": 1}]}
def train(config, inputs, out, context):
    (out / "scores.json").write_text(json.dumps({"game": {"acc": 50 + 10 * config["lr"]}}))
"""
CONFIG = """
defaults: [run_settings, _self_, override hydra/launcher: local, override hydra/sweeper: study]
study: refused_study
lr: 0.1
workers: 1
hydra: {mode: MULTIRUN, output_subdir: null}
"""
QUIET = "exit 0"
REFUSALS = {
    "partition": (
        {"sbatch": "echo 'sbatch: error: invalid partition specified: nope' >&2; exit 1"},
        ("invalid partition specified: nope", "slurm.partition (`sinfo -s` lists them)"),
    ),
    "limit": (
        {"sbatch": "echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2; exit 1"},
        ("QOSMaxSubmitJobPerUserLimit", "max_jobs"),
    ),
    "sbatch does not answer": (
        {"sbatch": "echo 'sbatch: error: Unable to contact slurm controller' >&2; exit 1"},
        ("Unable to contact slurm controller", "again later"),
    ),
    "sbatch says nothing": ({"sbatch": QUIET}, ("Could not make sense of sbatch output",)),
}


class Command:
    """The study's command on a machine whose SLURM is what the test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, Store(folder / "store")
        (folder / "conf").mkdir()
        (folder / "conf/config.yaml").write_text(CONFIG)
        (folder / "refused_study.py").write_text(STUDY)
        self.programs = folder / "programs"
        self.programs.mkdir()

    def has(self, **lines: str) -> None:
        """Put programs on PATH."""
        for name, line in lines.items():
            (self.programs / name).write_text(f"#!/bin/sh\n{line}\n")
            (self.programs / name).chmod(0o755)

    def run(self, *arguments: str) -> tuple[int, str]:
        command = [sys.executable, str(ROOT / "run.py"), "--config-path", f"{self.folder}/conf"]
        environment = {"PYTHONPATH": str(self.folder), "COLUMNS": "300"}
        done = subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            env={**os.environ, **environment, "PATH": f"{self.programs}:/nowhere"},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def records(self) -> dict[str, str]:
        return {one.id: str(one.record["created"]) for one in self.store.records.all()}


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def test_where_there_is_no_cluster(command: Command) -> None:
    """One line says so before anything is prepared or recorded; a plan needs none."""
    status, said = command.run("hydra/launcher=slurm", "plan=true")
    assert status == 0, said
    status, said = command.run("hydra/launcher=slurm")
    assert status == 2
    lines = [line for line in said.splitlines() if line.strip()]
    assert len(lines) == 1
    assert "no cluster was found, since sbatch, squeue, srun are not on PATH" in lines[0]
    assert command.records() == {}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_leaves_the_last_sweep_as_it_was(command: Command, refusal: str) -> None:
    """`last` is what ran before; the refused one has no record, nor a newer one where it had."""
    programs, words = REFUSALS[refusal]
    status, said = command.run("lr=0.1,0.2")
    assert status == 0, said
    before = command.records()
    command.has(**dict.fromkeys(("sbatch", "squeue", "srun", "scontrol"), QUIET) | programs)
    for rates in ("lr=0.1,0.5", "lr=0.1,0.2,0.7"):
        status, said = command.run("hydra/launcher=slurm", rates)
        assert status == 2, said
        assert all(word in said for word in words), said
        assert "Traceback" not in said
        assert len([line for line in said.splitlines() if "refused" in line]) == 1
        assert command.records() == before


def test_a_sweep_that_was_recorded_keeps_its_record(command: Command) -> None:
    """Refused the second time it is asked for, it stands as the first time left it."""
    command.has(sbatch="exit 1", squeue=QUIET, srun=QUIET, scontrol=QUIET)
    (command.folder / "refused_study.py").write_text(STUDY.replace("50 +", "1 / 0 +"))
    assert command.run("lr=0.1,0.2")[0] == 1
    before = command.records()
    assert before
    assert command.run("lr=0.1,0.2", "hydra/launcher=slurm")[0] == 2
    assert command.records() == before
