"""Columns that are one quantity at several numbers, such as each layer's, as a line a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reports.errors import ReportError
from reports.figures.flowchart import plain
from reports.figures.sweep import Sweep, legend, line, row_label
from sweeps.errors import nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUMBERED = re.compile(r"(?P<words>.+?) (?P<number>[\d,]+)")


def across(sweep: Sweep) -> Figure | None:
    """A panel for each of the words that the sweep file asks for under `figure: {across: ...}`.

    A column `Distance 3` is the quantity `Distance` at 3. The deviation over a row's seeds is a
    bar. None where nothing is asked for, or there. Raises ReportError for words of no column.
    """
    asked = (sweep.record.get("figure") or {}).get("across")
    if not asked:
        return None
    places = {words: sorted(_places(sweep, words)) for words in asked.split(", ")}
    for words, found in places.items():
        if not found:
            known = [column.name for column in sweep.table.columns]
            raise ReportError(f"figure: no column {words} 1. {nearest(words, known)}")
    rows = [
        row
        for row in sweep.table.rows
        if any(row.scores[j].value is not None for found in places.values() for _, j in found)
    ]
    if not rows:
        return None
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.8 + 4.0 * len(places), 3.6), layout="constrained")
    panels = figure.subplots(1, len(places), squeeze=False)[0]
    for axes, (words, found) in zip(panels, places.items(), strict=True):
        for i, row in enumerate(rows):
            points = [
                (number, score.value, score.deviation or 0.0)
                for number, j in found
                if (score := row.scores[j]).value is not None
            ]
            line(axes, points, i, row_label(row))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.set_ylabel(plain(words))
    panels[0].set_title(plain(sweep.table.title), fontsize=9)
    legend(panels[-1])
    return figure


def _places(sweep: Sweep, words: str) -> Iterator[tuple[int, int]]:
    """The number of each column of these words, with the column's place in the table."""
    for j, column in enumerate(sweep.table.columns):
        found = NUMBERED.fullmatch(column.name)
        if found and found["words"] == words:
            yield int(found["number"].replace(",", "")), j
