"""What the screen says while stages run."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from sweeps.graph import Graph
from sweeps.running.progress import Board, LiveProgress, PlainProgress, Running, clock, number
from sweeps.stage import Cost, Stage


@pytest.fixture
def stages() -> list[Stage]:
    """Two pretrain stages of 100 FLOPs, one evaluate stage without a cost."""
    pretrain = [
        Stage(name="pretrain", version=1, config={"n": n}, run="toy.f", cost=Cost(flops=100))
        for n in range(2)
    ]
    evaluate = Stage(
        name="evaluate", version=1, config={}, inputs={"model": pretrain[0]}, run="toy.f"
    )
    return [*pretrain, evaluate]


@pytest.fixture
def board(stages) -> Board:
    """The stages in two cells; the first has a name of its own."""
    graph = Graph([stages[2], stages[1]])
    cells = [[stages[0].key, stages[2].key], [stages[1].key]]
    return Board(graph, labels={stages[0].key: "pretrain span seed 0"}, cells=cells)


def test_the_summary_counts_stages_and_cells(board, stages):
    """A cell is whole when all of its stages are done."""
    board.set(stages[1].key, "done")
    board.set(stages[0].key, "failed", "bad luck")
    board.set(stages[2].key, "skipped", "needs it")
    assert board.summary().startswith("1/3 stages done, 1 failed, 1 skipped, 1/2 cells, 0:00 pa")
    assert board.by_name() == "pretrain 1/2  evaluate 0/1"
    assert board.reasons == {stages[0].key: "bad luck", stages[2].key: "needs it"}


def test_time_left_goes_by_the_expected_work(board, stages):
    """Half of the FLOPs in 60 s: about 60 s are left; what was there before does not count."""
    board.began = 100.0
    assert board.seconds_left(160.0) is None
    board.set(stages[1].key, "done")
    assert board.seconds_left(160.0) == pytest.approx(60)
    board.reused = frozenset([stages[1].key])
    assert board.seconds_left(160.0) is None


def test_no_time_is_left_where_nothing_goes_on(board, stages):
    """A run that was stopped, or failed, is not about to be whole."""
    board.began = 100.0
    board.set(stages[1].key, "done")
    for stage in (stages[0], stages[2]):
        board.set(stage.key, "stopped")
    assert board.seconds_left(160.0) is None
    assert "left" not in board.summary()


def test_a_running_stage_counts_in_part(board, stages):
    """A quarter of one of two equal stages in 30 s: 210 s are left."""
    board.began = 100.0
    board.set(stages[0].key, "running")
    board.running[stages[0].key].update(130.0, 25, 100, {})
    assert board.seconds_left(130.0) == pytest.approx(210)


def test_a_stages_time_left_goes_by_its_pace_since_the_first_report():
    """A resumed stage does not count the steps it found done."""
    running = Running(began=0.0)
    running.update(100.0, 500, 1000, {})
    assert running.seconds_left(100.0) is None
    running.update(110.0, 510, 1000, {})
    assert running.seconds_left(110.0) == pytest.approx(490)


def plain(board: Board, *events) -> list[str]:
    """What the plain display prints for some states, without the times of day."""
    text = io.StringIO()
    progress = PlainProgress(Console(file=text, width=200))
    progress.begin(board)
    for key, state, reason in events:
        board.set(key, state, reason)
        progress.changed(key)
    return [line[9:] for line in text.getvalue().splitlines()]


def test_plain_lines_tell_what_happens(board, stages):
    """One line a change, with the label, the count of what is done and the reason."""
    lines = plain(
        board,
        (stages[0].key, "running", ""),
        (stages[0].key, "done", ""),
        (stages[2].key, "failed", "ValueError: [bold]bad[/bold] luck"),
    )
    assert lines[1:] == [
        "running pretrain span seed 0",
        "done pretrain span seed 0 (1/3)",
        f"failed evaluate {stages[2].key[:8]}: ValueError: [bold]bad[/bold] luck",
    ]


def test_plain_lines_tell_steps_now_and_then(board, stages, monkeypatch):
    """In a log file a report every 30 s is enough."""
    text = io.StringIO()
    progress = PlainProgress(Console(file=text, width=200))
    progress.begin(board)
    key = stages[0].key
    board.set(key, "running")
    progress.changed(key)
    board.running[key].update(5.0, 3, 10, {"loss": 2.5, "tokens_per_second": 1234.5})
    progress.stepped(key)
    before = text.getvalue()
    monkeypatch.setattr("sweeps.running.progress._PLAIN_SECONDS", 0.0)
    progress.stepped(key)
    assert text.getvalue()[len(before) + 9 :] == (
        "pretrain span seed 0  step 3/10  loss 2.5  1,234 tokens/s\n"
    )


def test_the_live_table_shows_what_runs_and_keeps_failures(board, stages):
    """Step, loss, speed, time left and other numbers of what runs; failures above it."""
    text = io.StringIO()
    console = Console(file=text, width=100, height=20, force_terminal=True, color_system=None)
    progress = LiveProgress(console)
    progress.begin(board)
    board.set(stages[0].key, "running")
    progress.changed(stages[0].key)
    told = {"loss": 2.5, "tokens_per_second": 1234.5, "accuracy": 0.5}
    board.running[stages[0].key].update(time.monotonic() - 9, 1, 10, told)
    board.running[stages[0].key].update(time.monotonic(), 4, 10, told)
    board.set(stages[1].key, "failed", "bad luck")
    progress.changed(stages[1].key)
    drawn = io.StringIO()
    Console(file=drawn, width=100).print(progress._draw())
    progress.end()
    lines = [" ".join(line.split()) for line in drawn.getvalue().splitlines()]
    assert lines[2:] == [
        "running step loss tokens/s left",
        "pretrain span seed 0 4/10 2.5 1,234 0:18 accuracy 0.5",
    ]
    assert f"failed pretrain {stages[1].key[:8]}: bad luck" in text.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0:00"), (59.6, "1:00"), (75, "1:15"), (3671, "1:01:11"), (200_000, "2 d 7 h")],
)
def test_clock(seconds, text):
    """Minutes and seconds, hours from one on, days from one on."""
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12,346"), (0.123456, "0.1235"), (2.0, "2"), (1e-7, "1e-07")]
)
def test_number(value, text):
    """Four digits, thousands with commas."""
    assert number(value) == text
