"""Which checkpoint is chosen, from what was scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.training.selection import Validator

HISTORY = {
    "one": [(10, 40.0), (20, 90.0), (30, 80.0)],
    "other": [(10, 50.0), (20, 20.0), (30, 50.0)],
}


@pytest.fixture
def validator(tmp_path: Path) -> Validator:
    """A validator that has seen three steps of two tasks."""
    nothing: Any = None
    made = Validator(nothing, nothing, (), save=nothing, work=tmp_path)
    made.memory["validation"] = {
        name: [{"step": step, "mean": mean} for step, mean in entries]
        for name, entries in HISTORY.items()
    }
    return made


def test_each_task_has_its_own_best_step(validator: Validator):
    """Of equal scores the first."""
    assert [validator.best(name) for name in HISTORY] == [20, 10]


def test_best_for_all_together(validator: Validator):
    """The step whose mean over the tasks is highest may be no task's best."""
    assert validator.best_together() == 30


def test_the_newest_scores_go_by_their_tasks(validator: Validator):
    """What a mirror draws beside the loss; nothing before the first checkpoint."""
    assert validator.newest() == {"validation/one": 80.0, "validation/other": 50.0}
    validator.memory["validation"] = {"one": []}
    assert validator.newest() == {}
