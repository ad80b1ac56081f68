"""Looking through a split before anything runs, once for each content or commit."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import islice
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
TEXTS = 1000
"""Right answers that are scored before a run where they are texts: ROUGE of all takes minutes."""
SEEING = 90.0
"""What a metric gives the right answers, at least, where it can tell them from others."""


def looked_through(
    task: Task, split: str, identity: Mapping[str, Any], overrides: Mapping[str, Any]
) -> dict[str, int]:
    """Return {"rows", "left_out"} of a split: how many there are, and are not learned.

    Raises TaskError for the first row that is not what its fields say, and for a split to be
    scored that cannot be.
    """
    facts = {"version": VERSION, "task": task.name, "split": split, **identity}
    facts["settings"] = dict(task.settings)
    if task.written is not None:
        facts["definition"] = dict(task.written)
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


def blind_notes(task: Task, examples: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is said of metrics that cannot tell the right answers to these examples from others."""
    return [
        f"{task.name}'s {metric} says little: the right answers to its {len(examples):,} examples "
        f"score {value:.1f}."
        for metric, value in task.ceiling(examples).items()
        if value < SEEING
    ]


def _check_scores(task: Task, split: str, overrides: Mapping[str, Any]) -> None:
    """Refuse a split of which the metrics cannot tell right answers from wrong ones."""
    examples = list(islice(task.examples(split, **overrides), READ_WHOLE))
    unseen = sum(task.uncounted(made["targets"]) for made in examples)
    if 2 * unseen > len(examples):
        raise TaskError(
            f"Task '{task.name}': {unseen} of {len(examples)} targets of its {split} split are "
            f"written in a script that {', '.join(task.metrics)} cannot count: a right answer "
            f"would score as a wrong one. Count words of any script: {_words_any(task)}"
        )
    if unseen:
        logger.warning(
            "Of %s's %s targets in its %s split %s are in a script that its metrics cannot count; "
            "%s counts words of any script.",
            *(task.name, len(examples), split, unseen, _words_any(task)),
        )
    for note in blind_notes(task, examples[: TEXTS if task.form == "text" else None]):
        logger.warning("%s Give a %s split with other answers: data_dir=FOLDER.", note, split)


def _words_any(task: Task) -> str:
    return f"tasks.{task.name}.words=any" if task.written is None else "words: any"
