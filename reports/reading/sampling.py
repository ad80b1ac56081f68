"""How much a score depends on which examples were scored, as finished evaluations say.

A ruler holds for other seeds on the same examples. Where it is smaller than what another draw of
the examples would change, a difference beyond it may be gone on others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from reports.reading.results import Result
from reports.table import Column, number


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What a column's scores were made of."""

    examples: int
    """Scored examples, of all of its tasks."""
    error: float | None
    """The standard error of one score by the choice of examples; None where it is not known."""


def sampling_of(column: Column, results: Mapping[str, Result | None]) -> Sampling | None:
    """What is known of a column in one cell, whose finished evaluations stand by task.

    Scores of one task are taken to err together, those of several to err independently.
    """
    told = {task: _told(task, result) for task, result in results.items()}
    if not all(told.get(task) for task in column.tasks):
        return None
    shares: dict[str, float] = dict.fromkeys(column.tasks, 0.0)
    known = True
    for group in column.terms:
        for task, metric in group:
            error = told[task]["errors"].get(metric)
            known &= isinstance(error, int | float)
            shares[task] += (error if known else 0.0) / len(group) / len(column.terms)
    return Sampling(
        examples=sum(told[task]["examples"] for task in column.tasks),
        error=math.hypot(*shares.values()) if known else None,
    )


def of_rows(
    column: Column, rows: Iterable[Sequence[Mapping[str, Result | None]]]
) -> Sampling | None:
    """What is known of a column in the first row of which anything is; the mean over its cells."""
    for cells in rows:
        there = [one for results in cells if (one := sampling_of(column, results))]
        errors = [one.error for one in there if one.error is not None]
        if there:
            error = fmean(errors) if len(errors) == len(there) else None
            return Sampling(examples=there[0].examples, error=error)
    return None


def _told(task: str, result: Result | None) -> dict[str, Any]:
    """What an evaluation says of a task's examples; nothing where it says it in no known form."""
    scored = result.facts.get("scored") if result else None
    one = scored.get(task) if isinstance(scored, dict) else None
    if not isinstance(one, dict) or not isinstance(one.get("examples"), int):
        return {}
    return one if isinstance(one.get("errors"), dict) else {}


def notes(
    columns: Sequence[Column], sampling: Sequence[Sampling | None], ruler: Sequence[float | None]
) -> Iterable[str]:
    """What stands under a table of it: the examples of each column, and rulers that are smaller."""
    beside = [
        (column, one, std)
        for column, one, std in zip(columns, sampling, ruler, strict=True)
        if one and column.competes and not column.average
    ]
    if not beside:
        return
    listed = [
        f"{column.name} {'on' if i else 'is scored on'} {one.examples:,}"
        + ("" if i else " examples")
        + (f" (±{number(one.error, 1)})" if one.error else "")
        for i, (column, one, _) in enumerate(beside)
    ]
    # Where all answers are right, or all wrong, their spread says nothing of other examples.
    known = any(one.error for _, one, _ in beside)
    how = ": drawing others would move a score by about that much (one standard error)"
    text = f"{', '.join(listed)}{how if known else ''}."
    small = [c.name for c, one, std in beside if one.error and std is not None and std < one.error]
    if small:
        text += (
            f" The baseline's standard deviation is smaller than that in {', '.join(small)}: what "
            "is bold there may be otherwise on other examples."
        )
    yield text
