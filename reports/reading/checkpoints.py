"""The scores of a run's checkpoints on validation, as far as its trainings wrote them down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from reports.reading.results import Results
from reports.table import Column
from sweeps.digests import SELECTION, check_file, decoded
from sweeps.errors import DamagedStageError

History = Sequence[Mapping[str, float]]
"""Scores by metric of one task, a checkpoint after the other."""


def histories(
    results: Results, record: Mapping[str, Any], cell: Mapping[str, Any]
) -> dict[str, History]:
    """The scores of one run's checkpoints by task, of the last training that validates it."""
    wanted = set(cell["stages"])
    found: dict[str, History] = {}
    # The record names stages in the order of work.
    for key, stage in (record.get("stages") or {}).items():
        if key in wanted and results.get(stage["name"], key):
            found |= _histories(results, str(stage["name"]), key)
    return found


def last_checkpoints(
    column: Column, histories: Mapping[str, History], number: int
) -> tuple[float, ...]:
    """A column's scores at the last checkpoints, the last one last; none where any is missing.

    Tasks are trained apart: their checkpoints are counted from the end of each training.
    """
    values = []
    for back in range(number, 0, -1):
        at = {
            task: {task: histories[task][-back]}
            for task in column.tasks
            if len(histories.get(task, ())) >= number
        }
        values.append(column.value(at))
    there = tuple(value for value in values if value is not None)
    return there if len(there) == number else ()


def _histories(results: Results, name: str, key: str) -> dict[str, History]:
    folder = results.store.place(name, key)
    try:
        selection = decoded(check_file(folder, SELECTION).read_bytes())
    except (OSError, ValueError, DamagedStageError):
        return {}
    if not isinstance(selection, Mapping):
        return {}
    return {task: _history(entry) for task, entry in selection.items() if _history(entry)}


def _history(entry: Any) -> History:
    """The scores of each checkpoint; nothing of an entry in another form."""
    validation = entry.get("validation") if isinstance(entry, Mapping) else None
    if not isinstance(validation, list) or not all(isinstance(one, Mapping) for one in validation):
        return ()
    return [
        {
            metric: float(value)
            for metric, value in one.items()
            if isinstance(value, int | float) and math.isfinite(value)
        }
        for one in validation
    ]
