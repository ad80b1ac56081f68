"""A sweep that grows by what its scores say, step by step, and how far its store takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sweeps.asking.rows import Row, Sweep
from sweeps.graph import Graph
from sweeps.store import DIED, Store, newest_failure
from sweeps.study import Cell


@dataclass(frozen=True, kw_only=True)
class Step:
    """A search, or the rounds of a sweep's seeds, as far as the store takes it."""

    sweep: Sweep
    """With the rows and seeds that are known by now, and how they came about."""
    number: int
    """Axes, or rounds, that have begun."""
    now: tuple[Row, ...]
    """The rows that the last of them still asks for, the baseline included."""
    complete: bool
    """Whether nothing comes after it."""


def whole(store: Store, row: Row) -> bool:
    """Whether every stage that scores a row is finished."""
    return not any(unfinished(store, cell) for cell in row.cells)


def unfinished(store: Store, cell: Cell) -> list[str]:
    """The keys of the stages that a cell still needs."""
    return list(Graph(cell.scores.values()).needed(lambda one: store.find(one) is not None))


def failures_of(store: Store, rows: Iterable[Row]) -> dict[str, int]:
    """The newest failed attempt at each stage that these rows still need."""
    keys = {key for row in rows for cell in row.cells for key in unfinished(store, cell)}
    return {key: n for key in sorted(keys) if (n := newest_failure(store, key, but=DIED)) >= 0}


def has_failed(store: Store, cell: Cell, tried: Mapping[str, int]) -> bool:
    """Whether a stage that the cell needs has failed since its newest failures were `tried`."""
    return any(
        newest_failure(store, key, but=DIED) > tried.get(key, -1) for key in unfinished(store, cell)
    )
