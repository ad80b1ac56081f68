"""Scores along a value that a sweep's rows differ in, a line a column."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reports.figures.flowchart import plain
from reports.figures.sweep import Sweep, canvas, legend, line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEEDS = ("seed",)
"""Keys that tell a row's cells apart and not the rows."""


def lines(sweep: Sweep) -> Figure | None:
    """Each column's scores against the one number that every row has another value of.

    The deviation over a row's seeds is a bar, the average a broken line. None where no number, or
    more than one, tells all rows apart.
    """
    rows = [row for row in sweep.table.rows if any(s.value is not None for s in row.scores)]
    values = [_values(sweep.cells(row)[0]["config"]) for row in rows]
    apart = [
        key
        for key in (values[0] if values else ())
        if len({one.get(key, math.nan) for one in values}) == len(rows)
    ]
    if len(rows) < 2 or len(apart) != 1:
        return None
    (key,) = apart
    order = sorted(range(len(rows)), key=lambda place: values[place][key])
    figure, axes = canvas(6.4, 4.2)
    for j, column in enumerate(sweep.table.columns):
        points = [
            (values[place][key], score.value, score.deviation or 0.0)
            for place in order
            if (score := rows[place].scores[j]).value is not None
        ]
        style = {"linestyle": "--", "color": "#333333"} if column.average else {}
        line(axes, points, j, plain(column.name), **style)
    axes.set_xlabel(plain(key))
    axes.set_ylabel("score")
    axes.set_title(plain(sweep.table.title), fontsize=9)
    legend(axes)
    return figure


def _values(config: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a configuration by their dotted keys, seeds left out."""
    return dict(_numbers(config, ""))


def _numbers(value: Any, key: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in SEEDS:
                yield from _numbers(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, float(value)
