"""A watched table is drawn on every change, and no longer than its sweep needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reports.commands import watch as module
from reports.commands.cli import main
from reports.commands.watch import at_rest


@pytest.fixture
def unfinished(builder: Any) -> Any:
    """A baseline that is there, and a row that waits for its evaluation."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", [{"mood": {"acc": 70.0}}], baseline=True)
    builder.row("late", [None])
    builder.record()
    return builder


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let each wait of the watcher do the next of some things."""

    def set_things(*things: Callable[[], object]) -> None:
        waiting = list(things)
        monkeypatch.setattr(module.time, "sleep", lambda seconds: waiting.pop(0)())

    return set_things


def test_draws_when_a_score_arrives_and_then_ends(
    unfinished: Any, meanwhile: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing new draws nothing; the arriving score draws the last table; whole is 0."""
    train, late = unfinished.key("pretrain", "late", 0), unfinished.key("evaluate", "late", 0)

    def arrive() -> None:
        unfinished.finish(train)
        unfinished.finish(late, scores={"mood": {"acc": 75.0}})

    meanwhile(lambda: None, arrive)
    status = main(["toy", "--store", str(unfinished.path), "--watch", "--format", "markdown"])
    drawn = capsys.readouterr().out
    assert status == 0
    assert drawn.count("**A toy sweep**") == 2
    assert "not run yet" in drawn
    assert "**75.00**" in drawn


def test_ends_when_the_rest_has_failed(
    unfinished: Any, meanwhile: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure before the missing score is the end; a hole is 1."""
    train = unfinished.key("pretrain", "late", 0)
    meanwhile(lambda: unfinished.fail(train, "out of memory"))
    assert main(["toy", "--store", str(unfinished.path), "--watch"]) == 1
    assert "out of memory" in capsys.readouterr().out


def test_rest_is_finished_or_failed(unfinished: Any) -> None:
    """Not while something has neither run nor failed."""
    assert not at_rest(unfinished.path, "toy")
    unfinished.fail(unfinished.key("evaluate", "late", 0), "no")
    assert at_rest(unfinished.path, "toy")


def test_a_reader_that_left_ends_the_watch(builder) -> None:
    """`--watch | head -1` waits for no score that nobody reads."""
    import subprocess
    import sys
    from pathlib import Path

    builder.column("Mood", ["mood.acc"])
    builder.row("base", [{"mood": {"acc": 50.0}}, None], baseline=True)
    store = builder.record()
    command = f"{sys.executable} -m reports toy --store {store} --watch 0.1 | true"
    folder = Path(__file__).parents[2]
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
