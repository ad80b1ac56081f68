"""Pre-training by two workers of this machine, killed and stopped on the way."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from trained import losses, weights

from sweeps.stage import Cost, Stage
from sweeps.store import Store
from t5study.training import pretrain

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
STUDY = """
import os, shutil, signal
from lab.training import fit
from t5study.training import pretrain

fit.SAVE_SHARE = 1.0
fit.Keeper.__init__.__kwdefaults__["save_seconds"] = 0.0


def copy(config, inputs, out, context):
    shutil.copytree(config["source"], out, dirs_exist_ok=True)


def train(config, inputs, out, context):
    \"\"\"Pre-train; in its first attempts the process of one rank kills itself after a while.\"\"\"
    dies = os.environ.get("DIES")
    if dies and context.ranks.rank == int(dies) and context.attempt <= int(os.environ["TIMES"]):
        from lab.text_to_text.module import TextToText

        step = TextToText.training_step

        def last(module, batch, index):
            if module.trainer.global_step == 23:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(module, batch, index)

        TextToText.training_step = last
    pretrain.run(config, inputs, out, context)
"""
LAUNCH = """
import pickle, sys
from pathlib import Path
from sweeps.graph import Graph
from sweeps.running.local import run_local
from sweeps.store import Store

graph = Graph(pickle.loads(Path(sys.argv[1]).read_bytes()))
outcome = run_local(
    graph, Store(sys.argv[2]), slots=2, workers_per_stage=2, parallel=sys.argv[3], threads=1
)
print(*outcome.reasons.values())
sys.exit(outcome.status)
"""


@pytest.fixture
def config(pretrain_config: dict[str, Any]) -> dict[str, Any]:
    """Without dropout, whose masks depend on who draws them."""
    model = pretrain_config["model"] | {"dropout_rate": 0.0}
    return pretrain_config | {"model": model, "hold": 10_000, "steps": 60}


@pytest.fixture
def launch(
    tmp_path: Path, data: SimpleNamespace, config: dict[str, Any]
) -> Callable[..., tuple[Store, Stage, subprocess.Popen[str]]]:
    """Start a launcher of the stage in a process group of its own."""
    (tmp_path / "killed_study.py").write_text(STUDY)
    (tmp_path / "launch.py").write_text(LAUNCH)
    inputs = {
        role: Stage(name=role, version=1, config={"source": str(path)}, run="killed_study.copy")
        for role, path in vars(data).items()
    }
    store = Store(tmp_path / "store")

    def start(
        strategy: str, micro: int | None = None, **environment: str
    ) -> tuple[Store, Stage, subprocess.Popen[str]]:
        stage = Stage(
            name="pretrain",
            version=1,
            config=config,
            inputs=inputs,
            run="killed_study.train",
            cost=Cost(splits=config["batch_size"], device="any"),
            execution={"micro_batch_size": micro},
        )
        (tmp_path / "stages.pickle").write_bytes(pickle.dumps([stage]))
        command = [sys.executable, str(tmp_path / "launch.py"), str(tmp_path / "stages.pickle")]
        path = os.pathsep.join([str(tmp_path), str(ROOT)])
        running = subprocess.Popen(
            [*command, str(store.path), strategy],
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "", **environment},
        )
        return store, stage, running

    return start


def check(store: Store, stage: Stage, alone: Path, attempt: int, strategy: str) -> None:
    """What is published is what one process makes, to the rounding of sums."""
    made = store.find(stage)
    assert made is not None
    described = json.loads((made / "stage.json").read_text())
    assert described["attempt"] == attempt
    assert described["provenance"]["world_size"] == 2
    assert described["provenance"]["strategy"] == strategy
    if attempt > 1:
        assert "going on at step" in (made / "log.txt").read_text()
    assert losses(made) == pytest.approx(losses(alone), abs=1e-5)
    one, other = weights(made / "model.pt"), weights(alone / "model.pt")
    assert one.keys() == other.keys()
    assert all(torch.allclose(one[name], other[name], rtol=0, atol=1e-5) for name in one)


def group(leader: int) -> list[int]:
    """The living processes of a group."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in listed.stdout.splitlines()]
    return [int(pid) for pid, pgid, state in lines if int(pgid) == leader and state[0] not in "ZX"]


@pytest.mark.parametrize(("strategy", "rank", "micro"), [("ddp", 0, 3), ("fsdp", 1, None)])
def test_killed_once_it_ends_where_one_process_does(
    launch: Callable[..., Any],
    train: Callable[..., Path],
    data: SimpleNamespace,
    config: dict[str, Any],
    strategy: str,
    rank: int,
    micro: int | None,
) -> None:
    """One of two processes is killed: both are started again, from the checkpoint."""
    store, stage, running = launch(strategy, micro, DIES=str(rank), TIMES="1")
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 0, said
    assert f"its process {rank} of 2 was killed by SIGKILL" in said
    assert "trying once more" in said
    assert group(running.pid) == []
    check(store, stage, train(pretrain.run, config, dict(vars(data)), "alone"), 2, strategy)


def test_killed_twice_it_fails_and_goes_on_when_asked_again(
    launch: Callable[..., Any],
    train: Callable[..., Path],
    data: SimpleNamespace,
    config: dict[str, Any],
) -> None:
    """The reason names the process; the next command resumes."""
    store, stage, running = launch("ddp", DIES="1", TIMES="2")
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 1
    wanted = "its process 1 of 2 was killed by SIGKILL (often: out of memory), 2 times"
    assert wanted in said
    assert store.failures(stage.key)[-1]["error"] == wanted
    assert group(running.pid) == []
    store, stage, running = launch("ddp")
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 0, said
    check(store, stage, train(pretrain.run, config, dict(vars(data)), "alone"), 3, "ddp")


def test_stopped_by_ctrl_c_it_goes_on_as_another_strategy(
    launch: Callable[..., Any],
    train: Callable[..., Path],
    data: SimpleNamespace,
    config: dict[str, Any],
) -> None:
    """All of them leave, the checkpoint is whole, and FSDP takes over from DDP."""
    store, stage, running = launch("ddp")
    saved = store.work(stage.key, 1) / "last.ckpt"
    end = time.monotonic() + 120
    while not saved.exists():
        assert time.monotonic() < end, "it never began"
        assert running.poll() is None, running.communicate()[0]
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=120)
    assert running.returncode == 130, said
    assert group(running.pid) == []
    assert 0 < torch.load(saved, weights_only=False)["global_step"] < config["steps"]
    store, stage, running = launch("fsdp")
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 0, said
    check(store, stage, train(pretrain.run, config, dict(vars(data)), "alone"), 2, "fsdp")
