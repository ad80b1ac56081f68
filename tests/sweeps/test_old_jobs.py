"""Jobs that were submitted by older code, and stages that it wrote down, still find theirs."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.cluster.job import RunStages
from sweeps.stage import Stage

ROOT = Path(__file__).resolve().parents[2]


def test_a_job_pickled_under_the_old_name_is_ours() -> None:
    """submitit loads a class by the path that it had when it was submitted."""
    old = b"csweeps.slurm_job\nRunStages\n."
    assert pickle.loads(old) is RunStages


def test_the_old_worker_command_takes_the_same_options() -> None:
    """As a job's script has it."""
    for module in ("sweeps.worker", "sweeps.running.worker"):
        done = subprocess.run(
            [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert {"--store", "--key"} <= set(done.stdout.replace("[", " ").replace("]", " ").split())


@pytest.mark.parametrize(
    ("old", "new"),
    [("t5study.vocabulary.run", "lab.vocabulary.run")],
)
def test_a_stage_on_disk_finds_its_function(old: str, new: str) -> None:
    """By the dotted path that its specification has; the key does not hash it."""

    def found(path: str) -> object:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)

    assert found(old) is found(new)
    keys = {Stage(name="vocabulary", version=1, config={}, run=run).key for run in (old, new)}
    assert len(keys) == 1
