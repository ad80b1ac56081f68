"""Coordinate ascent: one axis after another, each searched from the winners so far.

A search keeps nothing of its own: its path is worked out again from the store each time, so that
a killed one goes on where it was, and ends with the same path.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sweeps.errors import ConfigurationError, nearest
from sweeps.expand import Expansion, Row, Sweep
from sweeps.graph import Graph
from sweeps.placeholders import fill
from sweeps.store import Store, read_json
from sweeps.study import Cell
from sweeps.sweepfile import FileRow

TIE_BREAKS = ("cheaper", "none")
_BASELINE = "Baseline"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A search as far as the store takes it."""

    sweep: Sweep
    """With the rows that are known by now, and the path in `found`."""
    axes: int
    """Axes that have begun."""
    now: tuple[Row, ...]
    """The rows that the last axis that has begun still asks for, the baseline included."""
    complete: bool
    """Whether the last axis is decided."""


def advance(expansion: Expansion, sweep: Sweep, store: Store, settled: int = 0) -> Step:
    """The rows of every axis up to the first one that is not decided, and the path so far.

    On the first `settled` axes a candidate without a score has failed and cannot win; on later
    ones it is still to run. Raises ConfigurationError with all complaints about an axis.
    """
    search = sweep.search
    assert search is not None
    if search.tie_break not in TIE_BREAKS:
        known = nearest(search.tie_break, TIE_BREAKS)
        raise ConfigurationError([f"{sweep.id}: tie_break: {search.tie_break!r}. {known}"])
    baseline = _row(expansion, sweep, FileRow(label=_BASELINE), {}, None)
    rows = [] if expansion.run["baseline"] == "none" else [baseline]
    column = _column(baseline.cells[0], search.score)
    scores = [value(store, cell, column) for cell in baseline.cells]
    there = [score for score in scores if score is not None]
    ruler = statistics.stdev(there) if rows and len(there) > 1 else None
    carried: dict[str, str] = {}
    path: list[dict[str, Any]] = []
    complete, now = True, tuple(rows)
    for number, axis in enumerate(search.axes):
        said: list[str] = []
        made: list[Row] = []
        labels = {row.label for row in rows}
        for candidate in axis["candidates"]:
            try:
                row = _row(expansion, sweep, candidate, carried, baseline if rows else None)
            except ConfigurationError as error:
                said += error.complaints
                continue
            if row.label in labels:
                row = replace(row, label=f"{axis['name']}: {row.label}")
            labels.add(row.label)
            made.append(row)
        if said:
            raise ConfigurationError(said)
        rows += made
        now = (*rows[: rows[0].baseline], *made)
        found = {row.label: mean(store, row, column) for row in made}
        entry: dict[str, Any] = {"name": axis["name"], "candidates": list(found)}
        path.append(entry)
        whole = all(value(store, c, column) is not None for row in made for c in row.cells)
        ruled = not rows[0].baseline or len(there) == len(scores)
        if number >= settled and not (whole and ruled):
            complete = False
            break
        costs = {row.label: _cost(row) for row in made}
        winner, why = choose(found, costs, ruler if search.tie_break == "cheaper" else None)
        if search.tie_break == "cheaper" and ruler is None and winner is not None:
            why += "; no tie-break without two baseline seeds"
        entry.update(winner=winner, why=why, scores=found)
        if winner is None:
            break
        chosen = next(
            c for c, row in zip(axis["candidates"], made, strict=True) if row.label == winner
        )
        carried.update(_by_key(expansion, chosen.overrides))
    told = {"score": column["name"], "tie_break": search.tie_break, "ruler": ruler, "axes": path}
    return Step(
        sweep=replace(sweep, rows=tuple(rows), found=told),
        axes=len(path),
        now=now,
        complete=complete,
    )


def choose(
    scores: Mapping[str, float | None], costs: Mapping[str, float], ruler: float | None
) -> tuple[str | None, str]:
    """The winner among the candidates that have a score, and why it won.

    With a ruler, the cheapest of those within two of it of the best. Equal ones: the first.
    """
    there = {label: score for label, score in scores.items() if score is not None}
    if not there:
        return None, "no candidate has a score"
    best = max(there, key=lambda label: there[label])
    missing = "".join(f"; {label} has no score" for label in scores if label not in there)
    if ruler is None:
        return best, f"the best score{missing}"
    least = there[best] - 2 * ruler
    close = [one for one in there if there[one] == there[best] or there[one] > least]
    cheapest = min(close, key=lambda label: (costs[label], -there[label]))
    if cheapest == best:
        return best, f"the best score{missing}"
    return cheapest, f"within two baseline standard deviations of {best}, and cheaper{missing}"


def value(store: Store, cell: Cell, column: Mapping[str, Any]) -> float | None:
    """A cell's value in a column: the mean over its groups of the mean within the group."""
    groups = column["terms"]
    means = []
    for group in groups:
        parts = [_score(store, cell, task, metric) for task, metric in group]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        means.append(statistics.fmean(known))
    return statistics.fmean(means)


def mean(store: Store, row: Row, column: Mapping[str, Any]) -> float | None:
    """A row's value: the mean over the seeds that have one."""
    values = [value(store, cell, column) for cell in row.cells]
    there = [one for one in values if one is not None]
    return statistics.fmean(there) if there else None


def _column(cell: Cell, name: str | None) -> Mapping[str, Any]:
    """The column of this name; without one the average, else the first."""
    if name is None:
        return next((one for one in cell.columns if one.get("average")), cell.columns[0])
    for one in cell.columns:
        if one["name"] == name:
            return one
    known = nearest(name, [one["name"] for one in cell.columns])
    raise ConfigurationError([f"search: score: {name!r}. {known}"])


def _score(store: Store, cell: Cell, task: str, metric: str) -> float | None:
    stage = cell.scores.get(task)
    if stage is None or store.find(stage) is None:
        return None
    content = read_json(store.place(stage.name, stage.key) / "scores.json") or {}
    score = content.get(task, {}).get(metric)
    # NaN is no score: it compares as neither better nor worse.
    return None if score is None or score != score else float(score)


def _row(
    expansion: Expansion,
    sweep: Sweep,
    candidate: FileRow,
    carried: Mapping[str, str],
    baseline: Row | None,
) -> Row:
    """A candidate on top of the winners; one that is the baseline has the baseline's cells."""
    own = _by_key(expansion, candidate.overrides)
    given = _by_key(expansion, sweep.common)
    clash = [f"{given[key]}: {sweep.id} searches {own[key]}." for key in own if key in given]
    if clash:
        raise ConfigurationError(clash)
    overrides = tuple({**carried, **own}.values())
    is_baseline = candidate.label == _BASELINE and not overrides and baseline is None
    start = int(expansion.run["seed"])
    cells = [expansion.cell(sweep, overrides, start)]
    if baseline is not None and cells[0].identity == baseline.cells[0].identity:
        cells = list(baseline.cells)
    else:
        count = sweep.seeds["baseline" if is_baseline else "variants"]
        cells += [expansion.cell(sweep, overrides, start + n) for n in range(1, count)]
    return Row(
        label=fill(candidate.label, cells[0].config),
        name=candidate.label,
        overrides=overrides,
        baseline=is_baseline,
        cells=tuple(cells),
    )


def _by_key(expansion: Expansion, overrides: Sequence[str]) -> dict[str, str]:
    return {expansion.key_of(text): text for text in overrides}


def _cost(row: Row) -> float:
    return sum(float(stage.cost.flops) for stage in Graph(row.cells[0].scores.values()))
