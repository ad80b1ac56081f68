"""A table to be: its rows and their cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sweeps.stage import Stage
from sweeps.study import Cell
from sweeps.sweepfile import Search, SweepFile


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table: a configuration with one or more seeds."""

    label: str
    """What this row really is: a file's label with its placeholders filled."""
    name: str
    """What a published table may call the row: a file's name, or its label without placeholders."""
    overrides: tuple[str, ...]
    """What sets this row apart; the sweep's common overrides come first."""
    baseline: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A table to be: everything that its record says."""

    id: str
    title: str
    study: str
    section: str | None = None
    file: SweepFile | None = None
    common: tuple[str, ...] = ()
    seeds: Mapping[str, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    search: Search | None = None
    found: Mapping[str, Any] | None = None
    """The path of the search so far, as the record shows it."""
    notices: tuple[str, ...] = ()

    @property
    def cells(self) -> list[Cell]:
        return [cell for row in self.rows for cell in row.cells]

    @property
    def stages(self) -> list[Stage]:
        """The stages whose scores the table needs; their ancestors hang on them."""
        return [stage for cell in self.cells for stage in cell.scores.values()]
