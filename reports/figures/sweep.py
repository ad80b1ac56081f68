"""A sweep as figures are drawn from it, and what all figures share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.errors import ReportError
from reports.figures.flowchart import plain
from reports.reading.collect import collect
from reports.reading.records import find_record
from reports.reading.results import Results
from reports.table import Column, Row, Table
from sweeps.errors import nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#8e5572", "#b08900", "#4f5d75", "#00798c", "#d1495b")
MARKERS = ("o", "s", "^", "D")
"""Of the first rows, and of those whose colours come again."""


def line(
    axes: Axes, points: Sequence[tuple[float, float, float]], i: int, label: str, **style: Any
) -> None:
    """Draw the i-th line of a figure: points are (place, value, deviation), none draw nothing."""
    if not points:
        return
    x, y, deviation = zip(*points, strict=True)
    drawn: dict[str, Any] = {
        "color": COLOURS[i % len(COLOURS)],
        "markersize": 4,
        "capsize": 2,
        "linewidth": 1.4,
    }
    marker = MARKERS[i % len(MARKERS)]
    axes.errorbar(x, y, yerr=deviation, marker=marker, label=label, **(drawn | style))


class Sweep:
    """A sweep's record, its results and its table, read once for all figures."""

    def __init__(
        self, store: Path, id: str, stage: str | None = None, column: str | None = None
    ) -> None:
        self.stage = stage
        """Whose loss is drawn; the first stage of a cell that keeps one when None."""
        self.column = column
        """Whose score is drawn against its cost; the average, else the first, when None."""
        self.record: Mapping[str, Any] = find_record(store, id)
        self.id = str(self.record["id"])
        self.results = Results(store)
        self.table: Table = collect(store, self.id)
        self.stages: Mapping[str, Any] = self.record.get("stages") or {}

    def cells(self, row: Row) -> Sequence[Mapping[str, Any]]:
        """The cells of a row of the table."""
        return next(r["cells"] for r in self.record["rows"] if r["label"] == row.label)

    def flops(self, row: Row) -> float:
        """Mean over a row's finished runs of what their stages compute together; 0 if unknown."""
        return self._spent(row, lambda key: self.results.flops(key, self.stages[key]))

    def seconds(self, row: Row) -> float:
        """The same of the time that the stages took."""
        return self._spent(row, self._seconds)

    def _seconds(self, key: str) -> float:
        result = self.results.get(self.stages[key]["name"], key)
        return (result.wall_seconds if result else None) or 0.0

    def _spent(self, row: Row, cost: Callable[[str], float]) -> float:
        totals = []
        for cell in self.cells(row):
            stages = {key: self.stages[key]["name"] for key in cell["stages"]}
            if all(self.results.get(name, key) for key, name in stages.items()):
                totals.append(sum(map(cost, stages)))
        return sum(totals) / len(totals) if totals else 0.0


def find_column(table: Table, name: str | None) -> Column:
    """The column of this name; without one the average, else the first."""
    if name is None:
        return next((c for c in table.columns if c.average), table.columns[0])
    for column in table.columns:
        if column.name == name:
            return column
    known = [column.name for column in table.columns]
    raise ReportError(f"Unknown column {name!r}. {nearest(name, known)}")


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with one pair of axes; sizes in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure, axes


def legend(axes: Axes) -> None:
    """The rows beside the axes."""
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def row_label(row: Row) -> str:
    """A row as a figure calls it: the baseline says that it is one."""
    named = not row.baseline or "baseline" in row.label.casefold()
    return plain(row.label) if named else f"{plain(row.label)} (baseline)"


def axis_label(column: Column) -> str:
    """A column with what its numbers are."""
    return plain(f"{column.name} ({column.description})" if column.description else column.name)
