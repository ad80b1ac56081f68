"""What a search, or rounds of seeds, may still ask for: its cost before the scores are known."""

from __future__ import annotations

from collections.abc import Sequence

from sweeps.asking.expand import Expansion
from sweeps.asking.rows import Sweep
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.planning.plan import flops_of
from sweeps.stage import Stage
from sweeps.study import Cell


def bound(expansion: Expansion, known: Sweep) -> list[Stage]:
    """All that an unfinished search, or claims that are to be decided, ask for at most."""
    return _of_search(expansion, known) if known.search else _of_rounds(expansion, known)


def _of_rounds(expansion: Expansion, known: Sweep) -> list[Stage]:
    """Every row of a claim with as many seeds as it may get."""
    wanted = list(known.stages)
    for row in known.rows:
        if row.label in known.claimed:
            missing = expansion.run["seeds"]["most"] - len(row.cells)
            seeds = range(row.next_seed, row.next_seed + missing)
            cells = [expansion.cell(known, row.overrides, seed) for seed in seeds]
            wanted += [stage for cell in cells for stage in cell.scores.values()]
    return wanted


def _of_search(expansion: Expansion, known: Sweep) -> list[Stage]:
    """Every candidate of every axis, those of later axes on the costliest of the ones before.

    `known` is the search as far as it got (sweeps/search/ascent.py): its rows and path.
    """
    assert known.search is not None
    path = (known.found or {}).get("axes", [])
    wanted = list(known.stages)
    last = path[-1]["candidates"] if path else []
    open_rows = [row for row in known.rows if row.label in last]
    carried: dict[str, str] = {}
    if open_rows:
        costliest = max(open_rows, key=lambda row: _flops(row.cells))
        carried = {expansion.key_of(text): text for text in costliest.overrides}
    start = int(expansion.run["seed"])
    for axis in known.search.axes[len(path) :]:
        rows: list[tuple[float, dict[str, str]]] = []
        for candidate in axis["candidates"]:
            own = {expansion.key_of(text): text for text in candidate.overrides}
            overrides = {**carried, **own}
            try:
                cells = [
                    expansion.cell(known, tuple(overrides.values()), start + n)
                    for n in range(known.seeds["variants"])
                ]
            except ConfigurationError:
                # It cannot be beside these; beside the real winners it may.
                continue
            rows.append((_flops(cells), overrides))
            wanted += [stage for cell in cells for stage in cell.scores.values()]
        if rows:
            carried = max(rows, key=lambda row: row[0])[1]
    return wanted


def _flops(cells: Sequence[Cell]) -> float:
    return flops_of(Graph(stage for cell in cells for stage in cell.scores.values()))
