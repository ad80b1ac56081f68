"""A search that goes on by itself on a real SLURM of one node, and one that is called again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps.cluster.queue import queue
from sweeps.cluster.submit import open_submissions
from sweeps.store import Store

pytestmark = pytest.mark.apt

ROOT = Path(__file__).parents[2]
STUDY = """
import json, os, time
from types import SimpleNamespace as Stage
def cell(config):
    read = {name: config[name] for name in ("a", "b", "seed")}
    train = Stage(name="train", version=1, inputs={}, run="climb.train", cost=Stage(), config=read)
    return {"scores": {"game": train},
            "columns": [{"name": "Game", "terms": [[["game", "acc"]]], "decimals": 1}]}
def train(config, inputs, out, context):
    with open(os.environ["JOURNAL"], "a") as file:
        file.write(json.dumps(config) + "\\n")
    time.sleep(0.3)
    while config["b"] == 15 and not os.path.exists(os.environ["JOURNAL"].replace("txt", "go")):
        time.sleep(0.1)
    if config["b"] == 13:
        raise ValueError("unlucky")
    if config["b"] == 14:
        os.kill(os.getpid(), 9)
    acc = 10 * config["a"] + config["a"] * config["b"] + config["seed"]
    (out / "scores.json").write_text(json.dumps({"game": {"acc": acc}}))
"""
CONFIG = """
defaults: [run_settings, _self_, override hydra/launcher: slurm, override hydra/sweeper: study]
study: climb
a: 1
b: 1
slurm: {time_minutes: 5, stages: {decision: {time_minutes: 2}}}
hydra: {mode: MULTIRUN, output_subdir: null}
"""
SEARCH = ["search=ascent", "search.score=Game", "a=1,2", "b=5,13,-5"]
WINNERS = ["a=2", "a=2, b=5"]


class Climb:
    """The study in a folder of its own, its commands, and what they leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal.txt"
        (folder / "climb.py").write_text(STUDY)
        (folder / "conf").mkdir()
        (folder / "conf/config.yaml").write_text(CONFIG)

    def start(self, *arguments: str, path: str = "") -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "run.py"), "--config-path", f"{self.folder}/conf"]
        return subprocess.Popen(
            [*command, "-m", *(arguments or SEARCH)],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(self.folder),
                "COLUMNS": "200",
                "JOURNAL": str(self.journal),
                "PATH": os.pathsep.join([*([path] if path else []), os.environ["PATH"]]),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, path: str = "") -> tuple[int, str]:
        started = self.start(*arguments, path=path)
        said = started.communicate(timeout=120)[0]
        return started.returncode, said

    @property
    def store(self) -> Store:
        return Store(self.folder / "store")

    def axes(self) -> list[dict[str, Any]]:
        for record in self.folder.glob("store/sweeps/climb/ascent-*.json"):
            axes: list[dict[str, Any]] = json.loads(record.read_text())["search"]["axes"]
            return axes
        return []

    def winners(self) -> list[str]:
        return [axis["winner"] for axis in self.axes() if axis.get("winner")]

    def trained(self) -> list[tuple[int, int]]:
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [(config["a"], config["b"]) for config in map(json.loads, lines)]

    def decisions(self) -> list[str]:
        """The axes that jobs were submitted to decide, oldest first."""
        paths = self.folder.glob("store/slurm/*/submission.json")
        records = sorted(
            map(json.loads, (p.read_text() for p in paths)), key=lambda r: r["created"]
        )
        return [one["decides"].split()[-1] for one in records if one["decides"]]


@pytest.fixture
def climb(cluster: Path, tmp_path: Path) -> Iterator[Climb]:
    yield Climb(tmp_path)
    subprocess.run(["scancel", "-u", "root"], check=True)
    until(idle)


def until(said: Callable[[], Any], seconds: float = 90.0) -> Any:
    """The first true answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := said():
            return answer
        time.sleep(0.2)
    raise AssertionError("it never came true")


def idle() -> bool:
    return not any(element.active for element in queue().values())


def test_a_search_goes_on_by_itself(climb: Climb) -> None:
    """One command, and its jobs: a decision after each axis; a failed candidate cannot win."""
    status, said = climb.run()
    assert status == 0, said
    assert "decides this axis when its scores are there" in said
    until(lambda: climb.winners() == WINNERS)
    until(idle)
    assert climb.axes()[1]["scores"] == {"a=2, b=5": 30.0, "a=2, b=13": None, "a=2, b=-5": 10.0}
    assert sorted(climb.trained()) == [(1, 1), (2, -5), (2, 1), (2, 5), (2, 13)]
    assert climb.decisions() == ["1", "2"]
    # The same command has nothing to do: what failed, failed since its axis began.
    status, said = climb.run()
    assert (status, climb.winners(), len(climb.trained())) == (1, WINNERS, 5)
    assert "a=2, b=13" in said
    assert climb.decisions() == ["1", "2"]


FILE = """
study: climb
title: A climb
search:
  score: Game
  axes:
    - {name: First, candidates: [{label: one, overrides: [a=1]}, {label: two, overrides: [a=2]}]}
    - {name: Second, candidates: [{label: low, overrides: [b=-5]}, {label: high, overrides: [b=5]}]}
"""


def test_two_searches_of_one_file_go_on_beside_each_other(climb: Climb) -> None:
    """Each has its record and its decisions, whatever the name of the file means by now."""
    (climb.folder / "mine.yaml").write_text(FILE)
    for more in ((), ("seed=5",)):
        status, said = climb.run("sweep=mine.yaml", *more)
        assert status == 0, said
    assert (
        "mine is this sweep from now on; the one before, of no overrides, goes by climb/mine-"
        in said
    )

    def winners() -> dict[str, list[str | None]]:
        return {
            " ".join(r["asked"]): [axis.get("winner") for axis in r["search"]["axes"]]
            for r in (one.record for one in climb.store.records.all())
        }

    until(lambda: winners() == {"": ["two", "high"], "seed=5": ["two", "high"]})
    until(idle)
    assert sorted(climb.decisions()) == ["1", "1", "2", "2"]


def test_what_failed_is_tried_again_when_told_so(climb: Climb) -> None:
    """`python -m sweeps retry` opens its axis again."""
    climb.run()
    until(lambda: len(climb.winners()) == 2)
    until(idle)
    tidy = [sys.executable, "-m", "sweeps", "--store", str(climb.store.path), "retry"]
    subprocess.run(tidy, cwd=ROOT, check=True, capture_output=True)
    (climb.folder / "climb.py").write_text(STUDY.replace('config["b"] == 13', "False"))
    climb.run()
    until(lambda: climb.winners() == ["a=2", "a=2, b=13"])
    assert sorted(climb.trained())[-2:] == [(2, 13), (2, 13)]


def test_where_nodes_may_not_submit_the_same_command_goes_on(climb: Climb) -> None:
    """Each call submits one axis; no job decides; the failed candidate does not hold it up."""
    for call in range(3):
        status, said = climb.run(*SEARCH, "submit_from_jobs=false")
        assert ("Run the same command again" in said) == (call < 2), said
        until(idle)
    assert climb.winners() == WINNERS
    assert climb.decisions() == []
    assert status == 1


@pytest.mark.parametrize("moment", ["stages", "decision"])
def test_a_search_whose_submitter_is_killed(climb: Climb, moment: str) -> None:
    """Killed as it submits an axis' stages or its decision, the same command mends the search."""
    trap = climb.folder / "trap"
    trap.mkdir()
    real = shutil.which("sbatch")
    count = {"stages": "0", "decision": "1"}[moment]
    lines = [
        "#!/bin/bash",
        f"n=$(ls {trap} | grep -c call); touch {trap}/call$n",
        f'[ "$n" = {count} ] || exec {real} "$@"',
        f'{real} "$@"; kill -9 $PPID',
    ]
    (trap / "sbatch").write_text("\n".join(lines) + "\n")
    (trap / "sbatch").chmod(0o755)
    status, _ = climb.run(path=str(trap))
    assert status == -signal.SIGKILL
    status, said = climb.run()
    assert status == 0, said
    until(lambda: climb.winners() == WINNERS)
    until(idle)
    assert sorted(climb.trained()) == [(1, 1), (2, -5), (2, 1), (2, 5), (2, 13)]


def test_a_decision_that_died_is_told_and_made_again(climb: Climb) -> None:
    """SLURM's word for its end, the remedy, and another job in its place; the same path."""
    climb.run()
    (decision,) = [one for one in open_submissions(climb.store) if one.decides]
    subprocess.run(["scancel", str(decision.job)], check=True)
    until(idle)
    _, said = climb.run()
    assert "ended: CANCELLED" in said
    assert "submit_from_jobs=false" in said
    until(lambda: climb.winners() == WINNERS)


def test_a_candidate_that_dies_without_a_word_cannot_win(climb: Climb) -> None:
    """The decision finds it out, tells SLURM's word and goes on without it."""
    climb.run(*SEARCH[:2], "a=2,1", "b=14,5")
    until(lambda: climb.winners() == ["a=2", "a=2, b=5"])
    until(idle)
    assert climb.axes()[1]["scores"] == {"a=2, b=14": None, "a=2, b=5": 20.0 + 10.0}
    assert climb.trained().count((2, 14)) == 1
    (record,) = (json.loads(p.read_text()) for p in climb.folder.glob("store/failures/*/*.json"))
    assert "ended without a word: FAILED" in record["error"]


def test_a_search_that_was_cancelled_as_a_whole_goes_on(climb: Climb) -> None:
    """`scancel -u` ends the jobs, not the search: the same command tries all of it again."""
    climb.run()
    subprocess.run(["scancel", "-u", "root"], check=True)
    until(idle)
    assert climb.winners() == []
    climb.run()
    until(lambda: climb.winners() == WINNERS)


def test_a_search_that_was_cancelled_before_any_job_began_goes_on(climb: Climb) -> None:
    """SLURM then lists the elements of an array as one job without an index."""

    def node(state: str) -> None:
        name = subprocess.check_output(["sinfo", "-h", "-o", "%n"], text=True).split()[0]
        update = ["scontrol", "update", f"nodename={name}", f"state={state}", "reason=test"]
        subprocess.run(update, check=True)

    node("drain")
    try:
        climb.run()
        subprocess.run(["scancel", "-u", "root"], check=True)
        until(idle)
        assert climb.trained() == []
    finally:
        node("resume")
    status, said = climb.run()
    assert (status, "cannot be seen" in said) == (0, False), said
    until(lambda: climb.winners() == WINNERS)


def test_a_command_in_between_submits_nothing_twice(climb: Climb) -> None:
    """While the first axis runs, the same command attaches to its stages and to its decision."""
    climb.run()
    status, _ = climb.run()
    assert status == 0
    until(lambda: climb.winners() == WINNERS)
    until(idle)
    assert sorted(climb.trained()) == [(1, 1), (2, -5), (2, 1), (2, 5), (2, 13)]


def test_what_failed_is_not_tried_again_while_its_axis_goes_on(climb: Climb) -> None:
    """The same command, typed when one candidate has failed and another still runs."""
    search = [*SEARCH[:2], "b=13,15"]
    climb.run(*search)
    until(lambda: list(climb.folder.glob("store/failures/*/*.json")))
    status, said = climb.run(*search)
    assert (status, "Submitted" in said) == (1, False), said
    climb.journal.with_suffix(".go").touch()
    until(lambda: climb.winners() == ["b=15"])
    until(idle)
    assert sorted(climb.trained()) == [(1, 1), (1, 13), (1, 15)]
