"""Where a run's time went: recorded with each stage, and told by `status --times`."""

from __future__ import annotations

from typing import Any

import pytest

from sweeps.__main__ import main
from sweeps.running.execute import run_one
from sweeps.store import Store, read_json, write_json
from sweeps.verbs.times import stage_times

STUDY = '''
import time

def busy(config, inputs, out, context):
    """Work of two kinds, one of them told."""
    time.sleep(config["told"] + config["untold"])
    context.record(seconds={"updates": config["told"]}, examples=3)
'''


@pytest.fixture
def finished(store: Store, toy: Any) -> list[dict[str, Any]]:
    """The descriptions of two finished stages of two kinds."""
    (toy.folder / "busy_study.py").write_text(STUDY)
    found = []
    for name, told in (("learn", 0.2), ("quiz", 0.1)):
        stage = toy.stage("text", name, told=told, untold=0.05)
        stage = type(stage)(name=name, version=1, config=dict(stage.config), run="busy_study.busy")
        store.write_spec(stage)
        assert run_one(store, stage.key).state == "done"
        found.append(read_json(store.place(name, stage.key) / "stage.json"))
    return found


def test_a_finished_stage_says_where_its_time_went(finished: list[dict[str, Any]]) -> None:
    """What it told itself, and what the engine did around it; facts are facts all the same."""
    for content, told in zip(finished, (0.2, 0.1), strict=True):
        seconds = content["seconds"]
        assert list(seconds) == ["worker", "inputs", "imports", "updates", "publishing"]
        assert seconds["updates"] == told
        assert all(value >= 0 for value in seconds.values())
        assert content["facts"] == {"examples": 3}
    assert finished[1]["seconds"]["worker"] == 0


def test_what_no_part_says_is_other(finished: list[dict[str, Any]], store: Store) -> None:
    """The parts of a stage add up to its wall time."""
    for one in stage_times(store):
        inside = [s for part, s in one.parts.items() if part not in ("worker", "publishing")]
        assert sum(inside) == pytest.approx(one.seconds, abs=0.005)
        assert one.parts["other"] >= 0.04


def test_times_are_told_by_kind_and_part(
    finished: list[dict[str, Any]], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """A column a kind of stage, a line a part, their sums, and the longest stages."""
    assert main(["--store", str(store.path), "status", "--times"]) == 0
    printed = capsys.readouterr().out
    lines = [line.split() for line in printed.splitlines()]
    assert lines[0] == ["seconds", "of", "learn", "quiz", "all", "share"]
    by_part = {" ".join(line[:1]): line[1:] for line in lines[1:]}
    assert by_part["updates"][:3] == ["0.2", "0.1", "0.3"]
    assert by_part["stages"] == ["1", "1", "2"]
    assert "first start to the last end" in printed


def test_a_stage_of_an_older_version_has_a_time_without_parts(
    finished: list[dict[str, Any]], store: Store
) -> None:
    """All of it is other."""
    place = next(path for _, key, path in store.finished() if key == finished[0]["key"])
    content = {k: v for k, v in finished[0].items() if k not in ("seconds", "seal")}
    write_json(place / "stage.json", content, seal=True)
    one = next(one for one in stage_times(store) if one.key == finished[0]["key"])
    assert one.parts == {"other": one.seconds}


def test_an_empty_store_has_no_times(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """And says so."""
    assert main(["--store", str(store.path), "status", "--times"]) == 0
    assert capsys.readouterr().out == "No stage has finished yet.\n"
