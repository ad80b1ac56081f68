"""Looking through a split before anything runs, once for each content or commit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from lab.by_content import remembered
from lab.datasets.source import SCORE_ANOTHER, TaskError
from lab.errors import DataError
from t5study.tasks.task import Task

logger = logging.getLogger(__name__)

VERSION = 2
"""Raised when `look_through` comes to see more."""
READ_WHOLE = 100_000
"""Rows that are made into texts to be looked at; of those after them the fields are."""
CORRELATIONS = ("mcc", "pearson", "spearman")
"""Metrics that are 0 for every prediction where all answers are the same."""


def looked_through(
    task: Task, split: str, identity: Mapping[str, Any], overrides: Mapping[str, Any]
) -> dict[str, int]:
    """Return {"rows", "left_out"} of a split: how many there are, and are not learned.

    Raises TaskError for the first row that is not what its fields say, and for a split to be
    scored that cannot be.
    """
    facts = {"version": VERSION, "task": task.name, "split": split, **identity}
    facts["settings"] = dict(task.settings)
    return remembered(facts, lambda: look_through(task, split, overrides))


def look_through(task: Task, split: str, overrides: Mapping[str, Any]) -> dict[str, int]:
    """See `looked_through`; goes through the rows."""
    rows = left_out = 0
    first = ""
    try:
        for place, raw in task.placed(split, **overrides):
            rows += 1
            if not task.answered(raw):
                left_out += 1
                first = first or f"{place}: {task.no_answer(raw)}"
            else:
                task.check(raw, place, split, whole=rows <= READ_WHOLE)
    except DataError as error:
        raise TaskError(f"Task '{task.name}': {error}") from error
    if split == "train":
        if left_out == rows:
            raise TaskError(
                f"Task '{task.name}': none of the {rows} rows of its train split has an answer to "
                f"learn. {first}"
            )
    elif left_out:
        raise TaskError(
            f"Task '{task.name}': {left_out} of the {rows} rows of its {split} split have no "
            f"answer (withheld, or never given). {first} {SCORE_ANOTHER}"
        )
    else:
        _check_scores(task, split, overrides)
    return {"rows": rows, "left_out": left_out}


def _check_scores(task: Task, split: str, overrides: Mapping[str, Any]) -> None:
    """Refuse a split of which the metrics cannot tell right answers from wrong ones."""
    unseen = examples = 0
    same = True
    value: Any = None
    for made in task.examples(split, **overrides):
        examples += 1
        unseen += task.uncounted(made["targets"])
        if same:
            target = task.target(made)
            same = examples == 1 or target == value
            value = target
        if examples == READ_WHOLE:
            break
    blind = [name for name in task.metrics if name in CORRELATIONS]
    if same and blind and examples > 1:
        logger.warning(
            "Task '%s': all %s examples of its %s split have the same answer, %s: %s will be 0 for "
            "every model. Give a split with different answers: data_dir=FOLDER.",
            *(task.name, examples, split, value, " and ".join(blind)),
        )
    if 2 * unseen > examples:
        raise TaskError(
            f"Task '{task.name}': {unseen} of {examples} targets of its {split} split are written "
            f"in a script that {', '.join(task.metrics)} cannot count: a right answer would score "
            f"as a wrong one. Count words of any script: tasks.{task.name}.words=any"
        )
    if unseen:
        logger.warning(
            "Of %s's %s targets in its %s split %s are in a script that its metrics cannot count; "
            "tasks.%s.words=any counts words of any script.",
            *(task.name, examples, split, unseen, task.name),
        )
