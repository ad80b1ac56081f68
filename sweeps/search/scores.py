"""What the store says of a row: its value in a column of the table."""

from __future__ import annotations

import statistics
from typing import Any

from sweeps.asking.rows import Row
from sweeps.columns import Column
from sweeps.digests import stored_scores
from sweeps.errors import ConfigurationError, nearest
from sweeps.store import Store
from sweeps.study import Cell


def column_of(cell: Cell, name: str | None) -> Column:
    """The column of this name; without one the average, else the first."""
    if name is None:
        return next((one for one in cell.columns if one.average), cell.columns[0])
    for one in cell.columns:
        if one.name == name:
            return one
    known = nearest(name, [one.name for one in cell.columns])
    raise ConfigurationError([f"search: score: {name!r}. {known}"])


def value(store: Store, cell: Cell, column: Column) -> float | None:
    """A cell's value in a column: the mean over its groups of the mean within the group."""
    return column.value({task: _scores(store, cell, task) for task in column.tasks})


def mean(store: Store, row: Row, column: Column) -> float | None:
    """A row's value: the mean over the seeds that have one."""
    values = [value(store, cell, column) for cell in row.cells]
    there = [one for one in values if one is not None]
    return statistics.fmean(there) if there else None


def _scores(store: Store, cell: Cell, task: str) -> dict[str, dict[str, Any]] | None:
    stage = cell.scores.get(task)
    if stage is None or store.find(stage) is None:
        return None
    # One that is damaged is no candidate without a score: it might have won.
    return stored_scores(store.place(stage.name, stage.key))
