"""A table to be: its rows, their cells, and why two rows, or two tables, are no two."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sweeps.asking.sweepfile import FileRow, Search, SweepFile
from sweeps.claims.statement import LEVEL, Claim
from sweeps.records import own_name
from sweeps.stage import Stage
from sweeps.study import Cell

_SHOWN_SETTINGS = 3
_UNSET = object()


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

    @property
    def next_seed(self) -> int:
        """The seed that the row would get next."""
        return max(cell.seed for cell in self.cells) + 1


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A table to be: everything that its record says."""

    id: str
    """What a person calls it; a sweep file's name, whatever is asked beside it."""
    title: str
    study: str
    section: str | None = None
    file: SweepFile | None = None
    common: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    """What was typed, but for how to run: the same words ask for the same table."""
    seeds: Mapping[str, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    search: Search | None = None
    found: Mapping[str, Any] | None = None
    """The path of the search so far, as the record shows it."""
    notices: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    level: float = LEVEL
    """The chance of any false verdict among the claims."""
    rounds: Mapping[str, Any] | None = None
    """The looks at the claims so far, where seeds are added until these are decided."""
    further: Callable[[], Mapping[str, Any]] | None = None
    """Counts what one more seed of each claimed row would cost, as the record keeps it."""

    @property
    def name(self) -> str:
        """The name of the record, which no other sweep has."""
        return own_name(self.id, self.file.sha256 if self.file else None, self.asked)

    @property
    def cells(self) -> list[Cell]:
        return [cell for row in self.rows for cell in row.cells]

    @property
    def claimed(self) -> frozenset[str]:
        """The labels of the rows that claims are about."""
        return frozenset(row for claim in self.claims for row in claim.rows)

    @property
    def stages(self) -> list[Stage]:
        """The stages whose scores the table needs; their ancestors hang on them."""
        return [stage for cell in self.cells for stage in cell.scores.values()]


def of_one_name(sweeps: Iterable[Sweep]) -> list[str]:
    """Complaints about sweep files whose tables would go by one name."""
    by_id: dict[str, list[str]] = {}
    for sweep in sweeps:
        if sweep.file:
            by_id.setdefault(sweep.id, []).append(sweep.file.asked)
    return [
        f"sweep={','.join(files)}: {len(files)} files whose tables would be called {id}. Rename "
        "one, or run one after the other."
        for id, files in by_id.items()
        if len(files) > 1
    ]


def why_one(file: SweepFile, rows: tuple[FileRow, FileRow], cells: tuple[Cell, Cell]) -> str:
    """The complaint about two rows of a file whose cells ask the same of the study."""
    first, second = (f"{row.label!r} ({' '.join(row.overrides) or 'no overrides'})" for row in rows)
    return f"{file.file}: rows {first} and {second} are one: {_why(*cells)}"


def _why(one: Cell, other: Cell) -> str:
    apart = [
        f"{key} ({_typed(a)} and {_typed(b)})" for key, a, b in _apart(one.config, other.config)
    ]
    if not apart:
        return "their overrides come to the same values."
    if len(apart) > _SHOWN_SETTINGS + 1:
        apart[_SHOWN_SETTINGS:] = [f"{len(apart) - _SHOWN_SETTINGS} more"]
    *before, last = apart
    named = f"{', '.join(before)} and {last}" if before else last
    return f"they differ in {named}, which change{'' if before else 's'} no stage."


def _apart(one: Any, other: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The dotted keys at which two configurations differ, with both values."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted(one.keys() | other.keys()):
            dotted = f"{key}.{name}" if key else name
            yield from _apart(one.get(name, _UNSET), other.get(name, _UNSET), dotted)
    elif one != other:
        yield key, one, other


def _typed(value: Any) -> str:
    """A value as one types it."""
    if value is _UNSET:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value)
