"""The tables that a run is for, as they fill in: each score from the moment it is there."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from pathlib import Path

from rich.table import Table

from sweeps.asking.rows import Row, Sweep
from sweeps.columns import Column
from sweeps.digests import SCORES, stored_scores
from sweeps.errors import SweepError
from sweeps.search.scores import value
from sweeps.store import Store
from sweeps.study import Cell

OPEN = "·"
"""Stands where no seed has its score yet."""


class Filling:
    """Sweeps' rows and columns with the scores that the store has of them."""

    def __init__(self, store: Store, sweeps: Iterable[Sweep]) -> None:
        self._store = store
        self._sweeps = [sweep for sweep in sweeps if sweep.rows and sweep.rows[0].cells]
        self._names = {
            stage.key: (task, stage.name)
            for sweep in self._sweeps
            for cell in sweep.cells
            for task, stage in cell.scores.items()
        }
        self._references = {
            stage.key: cell.references
            for sweep in self._sweeps
            for cell in sweep.cells
            for stage in cell.scores.values()
        }
        self._values: dict[tuple[int, str], float] = {}
        self._changed = True
        self._tables: list[tuple[Sweep, list[list[str]]]] = []

    def finished(self, key: str) -> str:
        """Note that a stage is finished; gives its scores in words, empty where it has none.

        References stand beside them: what the best constant answer scores.
        """
        if key not in self._names:
            return ""
        self._changed = True
        task, name = self._names[key]
        place = self._store.place(name, key)
        told = _told(place, SCORES, task)
        beside = [
            f"{str(one['label']).lower()}: {words}"
            for one in self._references[key]
            if (words := _told(place, str(one["file"]), task))
        ]
        return f"{told} ({'; '.join(beside)})" if told and beside else told

    def draw(self, lines: int) -> list[Table]:
        """The tables that have a score, in so many lines of a screen."""
        if self._changed:
            self._changed = False
            self._tables = [(sweep, self._rows(sweep)) for sweep in self._sweeps]
        drawn = []
        for sweep, rows in self._tables:
            room = lines - 3
            if room < 1 or not any(set(cells) - {OPEN} for _, *cells in rows):
                continue
            table = Table(title=sweep.title, title_justify="left", box=None, pad_edge=False)
            table.add_column("", no_wrap=True)
            for column in sweep.cells[0].columns:
                table.add_column(column.name, justify="right", no_wrap=True)
            for row in rows[:room]:
                table.add_row(*row)
            if len(rows) > room:
                table.add_row(f"... and {len(rows) - room} more rows")
            drawn.append(table)
            lines -= 3 + min(len(rows), room)
        return drawn

    def _rows(self, sweep: Sweep) -> list[list[str]]:
        columns = sweep.cells[0].columns
        return [
            [("★ " if row.baseline else "") + row.label, *(self._text(row, c) for c in columns)]
            for row in sweep.rows
        ]

    def _text(self, row: Row, column: Column) -> str:
        """The mean of the seeds that are there; of how many, where some are missing."""
        there = [
            one for one in (self._value(cell, column) for cell in row.cells) if one is not None
        ]
        if not there:
            return OPEN
        mean = statistics.fmean(there)
        shown = f"{mean:.2e}" if column.scientific else f"{mean:.{column.decimals}f}"
        return shown if len(there) == len(row.cells) else f"{shown} ({len(there)}/{len(row.cells)})"

    def _value(self, cell: Cell, column: Column) -> float | None:
        at = id(cell), column.name
        if at not in self._values:
            try:
                found = value(self._store, cell, column)
            except SweepError:
                found = None
            if found is None:
                return None
            self._values[at] = found
        return self._values[at]


def _told(place: Path, file: str, task: str) -> str:
    """A task's scores of a file in words; nothing where there are none."""
    try:
        scores = stored_scores(place, file).get(task, {})
    except SweepError:
        # What reads the table later complains of it.
        return ""
    return ", ".join(f"{metric} {score:.4g}" for metric, score in scores.items())
