"""Coordinate ascent: who wins an axis and why, and a search of a ten-line study to its path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sweeps.search.ascent import choose

ROOT = Path(__file__).parents[2]
STUDY = """
import json
from types import SimpleNamespace as Stage
def cell(config):
    train = Stage(name="train", version=1, inputs={}, run="climb.train",
                  config={name: config[name] for name in ("a", "b", "c", "seed")},
                  cost=Stage(flops=1e9 * config["c"]))
    return {"scores": {"game": train},
            "columns": [{"name": "Game", "terms": [[["game", "acc"]]], "decimals": 1}]}
def train(config, inputs, out, context):
    with open("journal.txt", "a") as file:
        file.write(json.dumps(config) + "\\n")
    if config["b"] == 13:
        raise ValueError("unlucky")
    # b pays only beside the a that wins first; c barely matters.
    acc = 10 * config["a"] + config["a"] * config["b"] + 0.1 * config["c"] + config["seed"]
    (out / "scores.json").write_text(json.dumps({"game": {"acc": acc}}))
"""
CONFIG = """
defaults: [run_settings, _self_, override hydra/launcher: local, override hydra/sweeper: study]
study: climb
a: 1
b: 1
c: 4
seeds: {baseline: 3}
hydra: {mode: MULTIRUN, output_subdir: null}
"""
SEARCH = """
study: climb
title: A climb
search:
  score: Game
  axes:
    - {name: First, candidates: [{label: one, overrides: [a=1]}, {label: two, overrides: [a=2]}]}
    - name: Second
      candidates:
        - {label: minus, overrides: [b=-5]}
        - {label: plus, overrides: [b=5]}
        - {label: unlucky, overrides: [b=13]}
    - name: Third
      candidates: [{label: dear, overrides: [c=9]}, {label: cheap, overrides: [c=2]}]
"""


@pytest.fixture
def climb(tmp_path: Path) -> Path:
    (tmp_path / "climb.py").write_text(STUDY)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_text(CONFIG)
    (tmp_path / "search.yaml").write_text(SEARCH)
    return tmp_path


def run(climb: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return typed(climb, "sweep=search.yaml", *arguments)


def typed(climb: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "run.py"), "--config-path", str(climb / "conf")]
    return subprocess.run(
        [*command, *arguments],
        cwd=climb,
        env={**os.environ, "PYTHONPATH": str(climb), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def path_of(climb: Path, sweep: str = "search") -> list[dict[str, Any]]:
    (record,) = climb.glob(f"store/sweeps/climb/{sweep}-*.json")
    return json.loads(record.read_text())["search"]["axes"]


def trained(climb: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (climb / "journal.txt").read_text().splitlines()]


def test_a_search_carries_its_winners(climb: Path) -> None:
    """Each axis is searched beside the winners so far; a failure cannot win; a tie is cheap."""
    done = run(climb)
    assert done.returncode == 1, done.stderr
    axes = path_of(climb)
    assert [axis["winner"] for axis in axes] == ["two", "plus", "cheap"]
    assert axes[1]["scores"] == {"minus": 10.4, "plus": 30.4, "unlucky": None}
    assert "unlucky has no score" in axes[1]["why"]
    assert "within two baseline standard deviations of dear" in axes[2]["why"]
    # The baseline's three seeds, of which the first candidate needs none of its own.
    assert len(trained(climb)) == 3 + 1 + 3 + 2
    assert "unlucky" in done.stdout


def test_the_same_command_gives_the_same_path(climb: Path) -> None:
    """From a store that has lost a stage of the middle, only that one is made again."""
    run(climb)
    before, lines = path_of(climb), len((climb / "journal.txt").read_text().splitlines())
    for stage in climb.glob("store/train/*/stage.json"):
        if json.loads(stage.read_text())["config"]["b"] == -5:
            stage.unlink()
            (stage.parent / "scores.json").unlink()
            for path in stage.parent.iterdir():
                path.unlink()
            stage.parent.rmdir()
    run(climb)
    assert path_of(climb) == before
    # The lost one, and another try at the one that failed.
    assert len((climb / "journal.txt").read_text().splitlines()) == lines + 2


def test_without_a_ruler_the_best_wins_and_it_is_said(climb: Path) -> None:
    """One baseline seed is no ruler: the dear one wins by a hair, and the path says so."""
    run(climb, "seeds.baseline=1")
    third = path_of(climb)[2]
    assert third["winner"] == "dear"
    assert "no tie-break without two baseline seeds" in third["why"]


def test_what_a_search_sets_cannot_be_set_beside_it(climb: Path) -> None:
    """Every clash is told before anything trains."""
    done = run(climb, "a=2")
    assert done.returncode == 2
    assert (
        "search.yaml: candidate 'one' of 'First': a=1: the command line sets a=2; "
        "one of them must go.\n"
    ) in done.stderr
    assert not (climb / "journal.txt").exists()


def test_a_plan_shows_the_axis_that_is_next(climb: Path) -> None:
    """Before any score that is the first one."""
    plan = json.loads(run(climb, "plan=true", "format=json").stdout)
    assert list(dict.fromkeys(cell["row"] for cell in plan["cells"])) == ["Baseline", "one", "two"]


def test_swept_overrides_are_the_axes_of_a_search(climb: Path) -> None:
    """`search=ascent` takes them in the order typed, from the defaults, as a file's search does."""
    swept = ["a=1,2", "b=-5,5,13", "c=9,2"]
    done = typed(climb, "-m", "search=ascent", "search.score=Game", *swept)
    assert done.returncode == 1, done.stderr
    axes = path_of(climb, "ascent-a-b-c")
    assert [axis["name"] for axis in axes] == ["a", "b", "c"]
    assert [axis["winner"] for axis in axes] == ["a=2", "a=2, b=5", "a=2, b=5, c=2"]
    assert axes[1]["scores"] == {"a=2, b=-5": 10.4, "a=2, b=5": 30.4, "a=2, b=13": None}
    assert "within two baseline standard deviations of a=2, b=5, c=9" in axes[2]["why"]
    assert len(trained(climb)) == 3 + 1 + 3 + 2
    assert "Coordinate ascent: a, then b, then c" in done.stdout
    assert "Still to come, with the winner of a: b, then c." in done.stdout
    run(climb)
    assert [axis["scores"] for axis in path_of(climb)] == [
        dict(zip(other["scores"], axis["scores"].values(), strict=True))
        for axis, other in zip(axes, path_of(climb), strict=True)
    ]


def test_the_order_typed_is_the_order_of_the_axes(climb: Path) -> None:
    """Searched before a, b wins nothing from the a that comes after it."""
    typed(climb, "-m", "search=ascent", "search.tie_break=none", "c=9,2", "a=2,1", "b=1,-9")
    axes = path_of(climb, "ascent-c-a-b")
    assert [axis["name"] for axis in axes] == ["c", "a", "b"]
    assert axes[0]["winner"] == "c=9"
    assert {config["c"] for config in trained(climb) if config["b"] == -9} == {9}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["search=ascnt", "a=1,2"], "Did you mean 'ascent'? Known: ascent, none."),
        (["search=ascent", "a=2"], "no axis to search. Give an override several values"),
        (["search=ascent", "a=1,2", "seed=1,2"], "a search takes one seed"),
        (["search=ascent", "a=1,2", "search.tie_break=x"], "'x'. Known: cheaper, none."),
        (["search=ascent", "a=1,2", "search.score=Gme"], "Did you mean 'Game'?"),
        (["search.score=Game", "a=1,2"], "search.score=Game: nothing is searched; add search="),
        (
            ["search=ascent", "sweep=rows.yaml"],
            "sweep=climb/rows has rows; leave one of the two out",
        ),
        (["search=ascent", "a=1,2", "slurm.gpus=1,2"], "slurm.gpus=1,2: takes one value."),
    ],
)
def test_what_cannot_be_searched_is_a_mistake(climb: Path, arguments: list[str], said: str) -> None:
    """Exit status 2, nothing trained, and what would be accepted."""
    rows = "study: climb\ntitle: Rows\nrows: [{label: one, overrides: [a=1]}]\n"
    (climb / "rows.yaml").write_text(rows)
    done = typed(climb, "-m", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (climb / "journal.txt").exists()


def test_the_command_line_s_rule_is_that_of_a_file_s_search_too(climb: Path) -> None:
    """search.tie_break, as seeds, wins over the file; the settings of a job are no part of it."""
    run(climb, "search.tie_break=none", "slurm.gpus=2")
    assert path_of(climb)[2]["winner"] == "dear"


def test_a_later_axis_is_checked_before_anything_trains(climb: Path) -> None:
    """A name that is wrong whatever wins is told at once, beside what is wrong elsewhere."""
    wrong = SEARCH.replace("c=9", "cc=9").replace("a=1", "aa=1")
    (climb / "search.yaml").write_text(wrong)
    done = run(climb)
    assert done.returncode == 2
    assert "aa=1: unknown key 'aa'" in done.stderr
    assert "cc=9: unknown key 'cc'" in done.stderr
    assert not (climb / "journal.txt").exists()


def test_what_is_impossible_beside_the_winners_cannot_win(climb: Path) -> None:
    """It is in the path with the reason; the search goes on without it."""
    impossible = "def complaints(config):\n    a, b = config['a'], config['b']\n"
    impossible += "    return ['b=5 needs a=1.'] if (a, b) == (2, 5) else []\n"
    (climb / "climb.py").write_text(STUDY + impossible)
    run(climb)
    axes = path_of(climb)
    assert axes[1]["impossible"] == {"plus": "b=5 needs a=1."}
    assert [axis["winner"] for axis in axes] == ["two", "minus", "cheap"]
    assert axes[1]["candidates"] == ["minus", "unlucky", "plus"]


@pytest.mark.parametrize(
    ("scores", "ruler", "winner"),
    [
        ({"a": 5.0, "b": 4.0, "c": 3.0}, 0.6, "b"),
        ({"a": 5.0, "b": 4.0, "c": 3.0}, 0.5, "a"),
        ({"a": 5.0, "b": 4.0, "c": 3.0}, 2.0, "c"),
        ({"a": 5.0, "b": None, "c": 3.0}, 0.6, "a"),
        ({"a": 5.0, "b": 5.0, "c": 5.0}, None, "a"),
        ({"a": 5.0, "b": 5.0, "c": 4.0}, 0.0, "b"),
        ({"a": None, "b": None}, 1.0, None),
    ],
)
def test_the_cheapest_within_two_deviations_wins(
    scores: dict[str, float | None], ruler: float | None, winner: str | None
) -> None:
    """Costs fall from a to c; two deviations below the best exactly is out."""
    assert choose(scores, {"a": 3.0, "b": 2.0, "c": 1.0}, ruler)[0] == winner
