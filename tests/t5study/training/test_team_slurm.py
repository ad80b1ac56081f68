"""Pre-training by two processes that a real SLURM starts, cut short and put back into the queue."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from trained import losses

from sweeps.cluster.slurm import run_slurm
from sweeps.cluster.submit import open_submissions
from sweeps.graph import Graph
from sweeps.lease import read_lease
from sweeps.settings import Slurm
from sweeps.stage import Cost, Stage
from sweeps.store import Store
from t5study.training import pretrain

pytestmark = [pytest.mark.apt, pytest.mark.slow]

COPY = """
import shutil
def copy(config, inputs, out, context):
    shutil.copytree(config["source"], out, dirs_exist_ok=True)
"""


@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_tasks_of_a_job_train_as_one_process(
    cluster: Path,
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    train: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
) -> None:
    """Signalled like before a limit, saved, requeued and resumed: the losses of one process."""
    model = pretrain_config["model"] | {"dropout_rate": 0.0}
    # A low rate: at a higher one the last bit of a sum grows to 1e-3 of the loss in 200 steps.
    config = pretrain_config | {"model": model, "hold": 1_000_000, "steps": 200}
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "copies.py").write_text(COPY)
    monkeypatch.syspath_prepend(str(folder))
    inputs = {
        role: Stage(
            name=role, version=1, config={"source": str(source)}, inputs={}, run="copies.copy"
        )
        for role, source in (("vocabulary", data.vocabulary), ("corpus", data.corpus))
    }
    stage = Stage(
        name="pretrain",
        version=1,
        config=config,
        inputs=inputs,
        run="t5study.training.pretrain.run",
        cost=Cost(splits=config["batch_size"], device="any"),
    )
    store = Store(tmp_path / "store")
    run: dict[str, Any] = {
        "wait": False,
        "max_jobs": 100,
        "threads": 1,
        # A holder beats six times as often: it must be seen before it is through.
        "lease_timeout": 0.6,
        "parallel": strategy,
        "slurm": {**vars(Slurm()), "time_minutes": 10, "tasks": 2},
    }
    assert run_slurm(Graph([stage]), store, run) == 0
    end = time.monotonic() + 240
    while True:
        lease = read_lease(store, stage.key)
        if lease is not None and lease.beat.get("step", 0) >= 10:
            break
        assert time.monotonic() < end, "it never began"
        time.sleep(0.05)
    (submission,) = (one for one in open_submissions(store) if stage.key in one.attempts)
    subprocess.run(["scancel", "--signal=USR2", str(submission.job)], check=True)
    assert run_slurm(Graph([stage]), store, {**run, "wait": True}) == 0
    made = store.find(stage)
    assert made is not None
    described = json.loads((made / "stage.json").read_text())
    assert described["attempt"] == 2
    assert described["provenance"]["world_size"] == 2
    assert described["provenance"]["strategy"] == strategy
    assert "going on at step" in (made / "log.txt").read_text()
    alone = train(pretrain.run, config, dict(vars(data)), "alone")
    assert losses(made) == pytest.approx(losses(alone), abs=1e-5)
    assert os.listdir(made).count("model.pt") == 1
