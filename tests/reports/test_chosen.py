"""Rows whose chosen checkpoint is no better on validation than a constant answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.reading.chosen import chosen_scores, no_better_than_constant
from reports.reading.collect import collect
from sweeps.digests import DESCRIPTION, FILES, file_digests, sealed

LINE = "The chosen checkpoint is no better on validation than the best constant answer in: "


def selection(constant: float | None, *means: float, best: int = 1) -> dict[str, Any]:
    """One task's entry as a training writes it; a checkpoint every ten steps."""
    history = [{"step": 10 * i, "mean": mean} for i, mean in enumerate(means, start=1)]
    files = {"best": f"step_{10 * best}.pt", "best_together": "step_10.pt", "last": "last.pt"}
    entry = {**files, "validation": history}
    return entry if constant is None else {**entry, "constant": constant}


def sweep(builder, *runs: dict[str, Any], **config: Any) -> Path:
    """A baseline and a row `other` whose runs chose by these files."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", [{"mood": {"acc": 50.0}}, {"mood": {"acc": 51.0}}], baseline=True)
    builder.row("other", [{"mood": {"acc": 51.5}}] * len(runs))
    for seed, content in enumerate(runs):
        folder = builder.finish(builder.key("pretrain", "other", seed), selection={"mood": content})
        described = json.loads((folder / DESCRIPTION).read_text())
        listed = sealed({**described, FILES: file_digests(folder)})
        (folder / DESCRIPTION).write_text(listed)
        builder.rows[1]["cells"][seed]["config"] |= config
    return builder.record()


def lines(store: Path) -> list[str]:
    return [note for note in collect(store, "toy").notes if note.startswith(LINE)]


def test_a_checkpoint_that_answers_a_constant_is_named(builder) -> None:
    """59.0 by the constant answer, 59.0 by what was chosen; the row, the task, how many runs."""
    store = sweep(builder, selection(59.0, 59.0, 58.0), selection(59.0, 58.0, 61.0, best=2))
    assert lines(store) == [f"{LINE}other (Mood, 1 run)."]


@pytest.mark.parametrize(
    "entry",
    [
        selection(59.0, 59.5),
        selection(None, 10.0),
        {},
        {"best": "step_10.pt", "constant": 3},
        {"best": 7, "constant": "high", "validation": 3},
    ],
)
def test_a_better_one_an_older_file_and_a_damaged_one_say_nothing(builder, entry) -> None:
    """Neither a footnote nor a traceback."""
    assert lines(sweep(builder, entry)) == []


@pytest.mark.parametrize(
    ("rule", "named"), [("best", False), ("best_together", True), ("last", True)]
)
def test_the_rule_that_the_run_selected_by_counts(builder, rule: str, named: bool) -> None:
    """The best is above the constant answer, the first and the last checkpoint are not."""
    store = sweep(builder, selection(59.0, 50.0, 60.0, 58.0, best=2), selection=rule)
    assert bool(lines(store)) == named


def test_it_is_read_once_and_kept(builder) -> None:
    """The index has it: a second table says the same."""
    store = sweep(builder, selection(59.0, 12.0))
    first = lines(store)
    assert first
    assert lines(store) == first


def test_another_content_is_no_selection() -> None:
    """Not JSON, no object, no tasks."""
    for content in (b"", b"{", b"[]", b"3", b'{"a": 3}', b'{"a": {"constant": true}}'):
        assert chosen_scores(content) == {}
    assert list(no_better_than_constant({"a": {"constant": 1.0, "best": 1.0}}, "best")) == ["a"]
