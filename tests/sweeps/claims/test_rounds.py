"""Seeds in rounds until claims are decided, through run.py, killed and started again."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
STUDY = """
import json, os, random, time
from types import SimpleNamespace as Stage
def cell(config):
    read = {"lr": config["lr"], "seed": config["seed"]}
    train = Stage(name="train", version=1, inputs={}, run="dice.train", cost=Stage(), config=read)
    return {"scores": {"game": train},
            "columns": [{"name": "Game", "terms": [[["game", "acc"]]], "decimals": 1}]}
def train(config, inputs, out, context):
    with open(os.environ["JOURNAL"], "a") as file:
        file.write(json.dumps(config) + "\\n")
    time.sleep(0.2)
    noise = random.Random(repr((config["lr"], config["seed"]))).gauss(0, 1)
    (out / "scores.json").write_text(json.dumps({"game": {"acc": 50 + 10 * config["lr"] + noise}}))
"""
CONFIG = """
defaults: [run_settings, _self_, override hydra/launcher: local, override hydra/sweeper: study]
study: dice
lr: 0.1
hydra: {mode: MULTIRUN, output_subdir: null}
"""
COMMAND = (
    "lr=0.1,0.2,0.9",
    'claims=["lr=0.9 > lr=0.1", {that: "lr=0.2 ~ lr=0.1", within: 0.5}]',
    "claims=decide",
    "seeds.most=5",
    "seeds.baseline=2",
)


@pytest.fixture
def dice(tmp_path: Path) -> Path:
    (tmp_path / "dice.py").write_text(STUDY)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_text(CONFIG)
    return tmp_path


def start(folder: Path, *arguments: str, store: str = "store") -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "run.py"), "--config-path", str(folder / "conf")]
    return subprocess.Popen(
        [*command, *arguments, f"store={folder / store}"],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "COLUMNS": "200",
            "JOURNAL": str(folder / f"{store}.journal"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def looks(folder: Path, store: str = "store") -> list[dict[str, int]]:
    found: list[dict[str, int]] = []
    for path in folder.glob(f"{store}/sweeps/dice/*.json"):
        content: dict[str, Any] = json.loads(path.read_text())
        found = content["claims"]["looks"]
    return found


def journal(folder: Path, store: str = "store") -> list[str]:
    path = folder / f"{store}.journal"
    return path.read_text().splitlines() if path.exists() else []


def test_a_killed_command_goes_on_with_the_same_path(dice: Path) -> None:
    """Only rows of open claims grow, at most to the limit; killed in a round, the path is one."""
    whole = start(dice, *COMMAND, store="whole")
    said, _ = whole.communicate(timeout=600)
    assert whole.returncode == 0, said
    path = looks(dice, "whole")
    counts = [tuple(look.values()) for look in path]
    assert counts[0] == (2, 1, 1)
    assert counts[1] == (2, 2, 2)
    assert max(counts[-1]) == 5
    assert len(journal(dice, "whole")) == sum(counts[-1])
    assert f"in {len(path)} looks" in said

    killed = start(dice, *COMMAND)
    while len(journal(dice)) < 6:
        assert killed.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    again = start(dice, *COMMAND)
    said, _ = again.communicate(timeout=600)
    assert again.returncode == 0, said
    assert looks(dice) == path


def test_rows_of_one_seed_get_the_ones_that_tell_their_spread(dice: Path) -> None:
    """Without any deviation no claim can be judged, and further seeds are what that takes."""
    said, _ = start(dice, *COMMAND[:-1]).communicate(timeout=600)
    counts = [tuple(look.values()) for look in looks(dice)]
    assert counts[:2] == [(1, 1, 1), (2, 2, 2)], said
    assert "cannot be judged" not in said


def test_what_rounds_need_is_said_before_anything_runs(dice: Path) -> None:
    """Claims, and a command that reads the limit."""
    for arguments, line in (
        (("lr=0.1,0.2", "claims=decide"), "claims=decide: nothing is claimed. Write claims in "),
        (("lr=0.1,0.2", "seeds.most=3"), "seeds.most=3: read by claims=decide alone, which adds "),
    ):
        refused = start(dice, *arguments)
        said, _ = refused.communicate(timeout=120)
        assert refused.returncode == 2
        assert said.startswith(line)


def test_a_plan_says_what_claims_could_show(dice: Path) -> None:
    """Nothing before the baseline has two seeds; then what its deviation allows, Holm's share."""
    rows = ("lr=0.1,0.9", 'claims=["lr=0.9 > lr=0.1"]', "seeds.baseline=2", "seeds.variants=2")
    planned = []
    for arguments in ((*rows, "plan=true", "format=json"), ("lr=0.1", "seeds.baseline=2"), rows):
        more = () if "plan=true" in arguments or len(arguments) == 2 else ("plan=true",)
        said, _ = start(dice, *arguments, *more).communicate(timeout=300)
        planned.append(said)
    assert json.loads(planned[0])["claims"][0]["detectable"] is None
    noise = [random.Random(repr((0.1, seed))).gauss(0, 1) for seed in (0, 1)]
    # 10.39 standard errors for two rows of two seeds, as the simulations of power confirm
    (size,) = re.findall(r"would show a difference of ([\d.]+)", planned[2])
    assert float(size) == pytest.approx(10.39 * statistics.stdev(noise), rel=0.01)


@pytest.mark.apt
def test_rounds_go_on_in_jobs_of_a_cluster(dice: Path, cluster: Path) -> None:
    """One command: each round's seeds run in jobs, and a small job looks and asks for the next."""
    here = start(dice, *COMMAND, store="here")
    said, _ = here.communicate(timeout=600)
    assert here.returncode == 0, said
    path = looks(dice, "here")
    config = dice / "conf/config.yaml"
    config.write_text(config.read_text() + "slurm: {time_minutes: 5}\n")
    submitted = start(dice, *COMMAND, "hydra/launcher=slurm")
    said, _ = submitted.communicate(timeout=300)
    assert submitted.returncode == 0, said
    runs = sum(path[-1].values())
    end = time.monotonic() + 300
    while (looks(dice), len(journal(dice))) != (path, runs) and time.monotonic() < end:
        time.sleep(0.5)
    assert (looks(dice), len(journal(dice))) == (path, runs)
