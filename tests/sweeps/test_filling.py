"""A run's table on the screen, from its first score on."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from sweeps.asking.rows import Row, Sweep
from sweeps.columns import Column
from sweeps.graph import Graph
from sweeps.running.filling import Filling
from sweeps.running.progress import Board, LiveProgress, PlainProgress
from sweeps.stage import Stage
from sweeps.store import Store
from sweeps.study import Cell

GAME = Column(name="Game", terms=((("game", "acc"),),), decimals=1)
SONG = Column(name="Song", terms=((("song", "bleu"),),))


def quiz(task: str, seed: int, row: str) -> Stage:
    config = {"task": task, "seed": seed, "row": row}
    return Stage(name="quiz", version=1, config=config, inputs={}, run="toy.f")


@pytest.fixture
def sweep() -> Sweep:
    """A baseline of two seeds and a row of one, on two tasks."""
    rows = tuple(
        Row(
            label=label,
            name=label,
            overrides=(),
            baseline=label == "plain",
            cells=tuple(
                Cell(
                    seed=seed,
                    config={},
                    scores={task: quiz(task, seed, label) for task in ("game", "song")},
                    columns=(GAME, SONG),
                )
                for seed in range(seeds)
            ),
        )
        for label, seeds in (("plain", 2), ("fancy", 1))
    )
    return Sweep(id="toys", title="Toys", study="toy", rows=rows)


def score(store: Store, stage: Stage, metric: str, value: float) -> None:
    place = store.place(stage.name, stage.key)
    place.mkdir(parents=True)
    (place / "scores.json").write_text(json.dumps({stage.config["task"]: {metric: value}}))
    (place / "stage.json").write_text("{}")


def lines(filling: Filling, room: int = 20) -> list[list[str]]:
    console = Console(file=io.StringIO(), width=100, record=True)
    for table in filling.draw(room):
        console.print(table)
    return [line.split() for line in console.export_text().splitlines()]


def test_the_best_constant_answer_stands_beside_a_score(store: Store, sweep: Sweep) -> None:
    """Where its file is there; a chance score is not taken for a good one."""
    references = ({"label": "Best constant answer", "file": "constant.json"},)
    cells = tuple(replace(cell, references=references) for cell in sweep.rows[0].cells)
    sweep = replace(sweep, rows=(replace(sweep.rows[0], cells=cells), sweep.rows[1]))
    filling = Filling(store, [sweep])
    first, other = (cell.scores["game"] for cell in cells)
    for stage in (first, other):
        score(store, stage, "acc", 1.5)
    constant = store.place(first.name, first.key) / "constant.json"
    constant.write_text(json.dumps({"game": {"acc": 51.0}}))
    assert filling.finished(first.key) == "acc 1.5 (best constant answer: acc 51)"
    assert filling.finished(other.key) == "acc 1.5"


def test_scores_stand_in_their_rows_as_they_come(store: Store, sweep: Sweep) -> None:
    """Nothing before the first; a mean of fewer seeds than asked says of how many."""
    filling = Filling(store, [sweep])
    assert lines(filling) == []
    first, second = (sweep.rows[0].cells[seed].scores["game"] for seed in range(2))
    score(store, first, "acc", 61.0)
    assert filling.finished(first.key) == "acc 61"
    assert lines(filling) == [
        ["Toys"],
        ["Game", "Song"],
        ["★", "plain", "61.0", "(1/2)", "·"],
        ["fancy", "·", "·"],
    ]
    score(store, second, "acc", 62.0)
    filling.finished(second.key)
    song = sweep.rows[1].cells[0].scores["song"]
    score(store, song, "bleu", 12.345)
    filling.finished(song.key)
    assert lines(filling)[2:] == [["★", "plain", "61.5", "·"], ["fancy", "·", "12.35"]]


def test_a_table_takes_no_more_lines_than_there_are(store: Store, sweep: Sweep) -> None:
    """The rows that do not fit are counted; without room there is none."""
    filling = Filling(store, [sweep])
    stage = sweep.rows[0].cells[0].scores["game"]
    score(store, stage, "acc", 61.0)
    assert lines(filling, 4)[-1] == ["...", "and", "1", "more", "rows"]
    assert lines(filling, 3) == []


def test_the_live_view_and_plain_lines_show_scores(store: Store, sweep: Sweep) -> None:
    """The table under what runs; in a log file the scores behind what is done."""
    graph = Graph(sweep.stages)
    stage = sweep.rows[0].cells[0].scores["game"]
    board = Board(graph, filling=Filling(store, [sweep]))
    text = io.StringIO()
    plain = PlainProgress(Console(file=text, width=200))
    plain.begin(board)
    live = LiveProgress(Console(file=io.StringIO(), width=100, height=20))
    live.begin(board)
    score(store, stage, "acc", 61.0)
    board.set(stage.key, "done")
    plain.changed(stage.key)
    live.changed(stage.key)
    assert text.getvalue().endswith(f" done quiz {stage.key[:8]} (1/6): acc 61\n")
    drawn = io.StringIO()
    Console(file=drawn, width=100).print(live._draw())
    live.end()
    assert "★ plain  61.0 (1/2)" in " ".join(drawn.getvalue().split(" ")).replace("   ", "  ")
