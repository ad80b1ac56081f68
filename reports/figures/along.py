"""One column's scores along a value of the configuration, a line for each value of another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reports.errors import ReportError
from reports.figures.flowchart import plain
from reports.figures.sweep import (
    COLOURS,
    Sweep,
    axis_label,
    canvas,
    find_column,
    legend,
    line,
    row_label,
)
from reports.reading.records import flat
from reports.table import Row, Score
from sweeps.errors import nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COST = "FLOPs"
"""Not a key of the configuration: what a run of the row computes."""


def along(sweep: Sweep) -> Figure | None:
    """What the sweep file asks for under `figure`; None where that is nothing, or nothing is there.

    A row without a number there is a broken line across. The band is as wide as two deviations of
    the baseline, below the best score (or above it, where low ones are better). Raises ReportError
    for a key that the configuration lacks.
    """
    asked = sweep.record.get("figure") or {}
    if "along" not in asked:
        return None
    column = find_column(sweep.table, sweep.column)
    j = sweep.table.columns.index(column)
    series: dict[str, list[tuple[float, Score]]] = {}
    across: list[tuple[Row, Score]] = []
    for row in sweep.table.rows:
        score = row.scores[j]
        if score.value is None:
            continue
        place = _place(sweep, row, asked["along"])
        if place is None:
            across.append((row, score))
        else:
            name = str(_value(sweep, row, asked["by"])) if "by" in asked else column.name
            series.setdefault(name, []).append((place, score))
    if not series:
        return None
    figure, axes = canvas(6.4, 4.2)
    std = sweep.table.ruler[j]
    if std is not None:
        shown = [s.value for points in series.values() for _, s in points if s.value is not None]
        best = column.best([*shown, *(s.value for _, s in across if s.value is not None)])
        end = best + 2 * std if column.lower_is_better else best - 2 * std
        band = f"two deviations of the baseline ({std:.2f} each)"
        axes.axhspan(min(best, end), max(best, end), color=COLOURS[0], alpha=0.12, lw=0, label=band)
    for i, (name, points) in enumerate(series.items()):
        _line(axes, name, sorted(points, key=lambda point: point[0]), i)
    for i, (row, score) in enumerate(across, start=len(series)):
        style: dict[str, Any] = {"linestyle": "--", "linewidth": 1.1}
        axes.axhline(
            score.value or 0.0, color=COLOURS[i % len(COLOURS)], label=row_label(row), **style
        )
    places = [place for points in series.values() for place, _ in points]
    if 0 < 5 * min(places) < max(places):
        axes.set_xscale("log")
    axes.set_xlabel(plain(f"{COST} of a run" if asked["along"] == COST else asked["along"]))
    axes.set_ylabel(axis_label(column))
    axes.set_title(plain(sweep.table.title), fontsize=9)
    legend(axes)
    return figure


def _line(axes: Axes, name: str, points: list[tuple[float, Score]], i: int) -> None:
    drawn = [(place, score.value or 0.0, score.deviation or 0.0) for place, score in points]
    line(axes, drawn, i, plain(name), markersize=5)


def _place(sweep: Sweep, row: Row, key: str) -> float | None:
    """Where a row stands; None for one that has no number there."""
    if key == COST:
        return sweep.flops(row) or None
    value = _value(sweep, row, key)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and math.isfinite(value) else None


def _value(sweep: Sweep, row: Row, key: str) -> Any:
    config: Mapping[str, Any] = sweep.cells(row)[0]["config"]
    values = dict(flat(config))
    if key not in values:
        raise ReportError(f"figure: no key {key!r}. {nearest(key, [*values, COST])}")
    return values[key]
