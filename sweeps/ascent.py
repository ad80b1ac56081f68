"""Coordinate ascent: one axis after another, each searched from the winners so far.

A search keeps nothing of its own: its path is worked out again from the store each time, so that
a killed one goes on where it was, and ends with the same path.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sweeps.errors import ConfigurationError, nearest
from sweeps.expand import Expansion
from sweeps.graph import Graph
from sweeps.placeholders import fill, strip
from sweeps.rows import Row, Sweep
from sweeps.store import DIED, Store, newest_failure, read_json
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


def advance(
    expansion: Expansion,
    sweep: Sweep,
    store: Store,
    *,
    settled: int = 0,
    before: Mapping[str, Any] | None = None,
) -> Step:
    """The rows of every axis up to the first one that is not decided, and the path so far.

    On the first `settled` axes a candidate without a score has failed and cannot win; on later
    ones it is still to run, unless it has failed since its axis began, as the path `before` of the
    search's last record tells; what died without a word is tried again. A candidate that cannot be
    beside the winners so far cannot win either. Raises ConfigurationError with all complaints about
    the first axis and all candidates.
    """
    search = sweep.search
    assert search is not None
    if search.tie_break not in TIE_BREAKS:
        known = nearest(search.tie_break, TIE_BREAKS)
        raise ConfigurationError([f"{sweep.id}: tie_break: {search.tie_break!r}. {known}"])
    baseline = _row(expansion, sweep, FileRow(label=_BASELINE), {}, None)
    rows = [] if expansion.run["baseline"] == "none" else [baseline]
    column = _column(baseline.cells[0], search.score)
    there = [v for cell in baseline.cells if (v := value(store, cell, column)) is not None]
    ruler = statistics.stdev(there) if rows and len(there) > 1 else None
    carried: dict[str, str] = {}
    path: list[dict[str, Any]] = []
    failures: list[dict[str, int]] = []
    complete, now = True, tuple(rows)
    for number, axis in enumerate(search.axes):
        made, impossible = _candidates(
            expansion, sweep, axis, carried, rows, baseline if rows else None
        )
        if impossible and number == 0:
            said = []
            for candidate in axis["candidates"]:
                about = impossible.get(strip(candidate.label), [])
                said += _about(sweep, axis, candidate, about)
            raise ConfigurationError(said + _wrong(expansion, sweep, search.axes[1:], carried))
        rows += made.values()
        now = (*rows[: rows[0].baseline], *made.values()) if rows else ()
        found = {label: mean(store, row, column) for label, row in made.items()}
        entry: dict[str, Any] = {"name": axis["name"], "candidates": [*made, *impossible]}
        if impossible:
            entry["impossible"] = {label: " ".join(said) for label, said in impossible.items()}
        tried = _tried(before, number, entry)
        failures.append(_failures(store, now) if tried is None else dict(tried))
        path.append(entry)
        asked = [cell for row in now for cell in row.cells]
        open_cells = [cell for cell in asked if value(store, cell, column) is None]
        if tried is not None:
            open_cells = [cell for cell in open_cells if not _failed(store, cell, tried)]
        if number >= settled and open_cells:
            complete = False
            if said := _wrong(expansion, sweep, search.axes[number + 1 :], carried):
                raise ConfigurationError(said)
            break
        costs = {label: _cost(row) for label, row in made.items()}
        winner, why = choose(found, costs, ruler if search.tie_break == "cheaper" else None)
        if search.tie_break == "cheaper" and ruler is None and winner is not None:
            why += "; no tie-break without two baseline seeds"
        entry.update(winner=winner, why=why, scores=found)
        if winner is None:
            break
        carried.update(_by_key(expansion, made[winner].overrides))
    told = {"score": column["name"], "tie_break": search.tie_break, "ruler": ruler, "axes": path}
    told["failures"] = failures
    to_come = [axis["name"] for axis in search.axes[len(path) :]]
    waiting = () if complete or not to_come else (_to_come(path[-1]["name"], to_come),)
    return Step(
        sweep=replace(sweep, rows=tuple(rows), found=told, notices=waiting),
        axes=len(path),
        now=now,
        complete=complete,
    )


def _to_come(name: str, later: Sequence[str]) -> str:
    return f"Still to come, with the winner of {name}: {', then '.join(later)}."


def _candidates(
    expansion: Expansion,
    sweep: Sweep,
    axis: Mapping[str, Any],
    carried: Mapping[str, str],
    rows: Sequence[Row],
    baseline: Row | None,
) -> tuple[dict[str, Row], dict[str, list[str]]]:
    """An axis' rows by their labels, and what is impossible about the candidates that have none."""
    made: dict[str, Row] = {}
    impossible: dict[str, list[str]] = {}
    for candidate in axis["candidates"]:
        try:
            row = _row(expansion, sweep, candidate, carried, baseline)
        except ConfigurationError as error:
            impossible[strip(candidate.label)] = error.complaints
            continue
        if row.label in made or row.label in {one.label for one in rows}:
            row = replace(row, label=f"{axis['name']}: {row.label}")
        made[row.label] = row
    return made, impossible


def _wrong(
    expansion: Expansion,
    sweep: Sweep,
    axes: Sequence[Mapping[str, Any]],
    carried: Mapping[str, str],
) -> list[str]:
    """Names and types of later axes that are wrong whatever wins before them."""
    said: list[str] = []
    for axis, candidate in ((one, candidate) for one in axes for candidate in one["candidates"]):
        try:
            own = _by_key(expansion, candidate.overrides)
            expansion.configuration(sweep, tuple({**carried, **own}.values()))
        except ConfigurationError as error:
            said += _about(sweep, axis, candidate, error.complaints)
    return list(dict.fromkeys(said))


def _about(
    sweep: Sweep, axis: Mapping[str, Any], candidate: FileRow, complaints: Iterable[str]
) -> list[str]:
    """Complaints about a candidate, behind where it stands in its file."""
    where = f"{sweep.file.where(candidate, axis['name'])}: " if sweep.file else ""
    return [where + one for one in complaints]


def _tried(
    before: Mapping[str, Any] | None, number: int, entry: Mapping[str, Any]
) -> Mapping[str, int] | None:
    """The newest failures when this axis began, where the last record has it."""
    known = before.get("failures", []) if before else []
    if before is None or number >= len(known):
        return None
    then = before["axes"][number]
    same = all(then[what] == entry[what] for what in ("name", "candidates"))
    return known[number] if same else None


def _unfinished(store: Store, cell: Cell) -> list[str]:
    return list(Graph(cell.scores.values()).needed(lambda one: store.find(one) is not None))


def _failures(store: Store, rows: Iterable[Row]) -> dict[str, int]:
    """The newest failed attempt at each stage that these rows still need."""
    keys = {key for row in rows for cell in row.cells for key in _unfinished(store, cell)}
    return {key: n for key in sorted(keys) if (n := newest_failure(store, key, but=DIED)) >= 0}


def _failed(store: Store, cell: Cell, tried: Mapping[str, int]) -> bool:
    return any(
        newest_failure(store, key, but=DIED) > tried.get(key, -1)
        for key in _unfinished(store, cell)
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


def whole(store: Store, row: Row) -> bool:
    """Whether every stage that scores a row is finished."""
    return not any(_unfinished(store, cell) for cell in row.cells)


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
    overrides = tuple({**carried, **own}.values())
    is_baseline = candidate.label == _BASELINE and not overrides and baseline is None
    start = int(expansion.run["seed"])
    cells = [expansion.cell(sweep, overrides, start)]
    if baseline is not None and cells[0].identity == baseline.cells[0].identity:
        cells = list(baseline.cells)
    else:
        count = sweep.seeds["baseline" if is_baseline else "variants"]
        cells += [expansion.cell(sweep, overrides, start + n) for n in range(1, count)]
    # The label says what really ran: of typed overrides, the winners so far as well.
    label = fill(candidate.label, cells[0].config)
    if not sweep.file and overrides:
        label = ", ".join(overrides)
    return Row(
        label=label,
        name=candidate.label,
        overrides=overrides,
        baseline=is_baseline,
        cells=tuple(cells),
    )


def _by_key(expansion: Expansion, overrides: Sequence[str]) -> dict[str, str]:
    return {expansion.key_of(text): text for text in overrides}


def _cost(row: Row) -> float:
    return sum(float(stage.cost.flops) for stage in Graph(row.cells[0].scores.values()))
