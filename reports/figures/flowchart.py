"""A search as a flow chart: its axes from left to right, the winners carried on."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reports.table import Column, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WON, LOST, INK = "#1b6ca8", "#999999", "#333333"
WIDTH, HEIGHT = 0.74, 0.66
"""Of a candidate's box, where axes are 1 apart and candidates too."""
INCHES = (2.4, 0.66)
"""From one axis to the next, and from one candidate to the next."""
LETTERS = 22
"""Of a line of text in a box."""


def flowchart(search: Mapping[str, Any], column: Column) -> Figure:
    """A box for each candidate with its score, and arrows from each winner to what it met next.

    `search` is that of a sweep's record: axes of name, candidates, scores, winner and why.
    """
    from matplotlib.figure import Figure

    found: Sequence[Mapping[str, Any]] = search["axes"]
    rows = max(len(axis["candidates"]) for axis in found)
    size = INCHES[0] * len(found), INCHES[1] * (rows + 2)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(-0.5, len(found) - 0.5)
    axes.set_ylim(rows + 0.6, -1.1)
    places = [_places(axis, rows) for axis in found]
    for x, (axis, place) in enumerate(zip(found, places, strict=True)):
        axes.text(x, -0.75, plain(axis["name"]), ha="center", va="center", weight="bold")
        for label, y in place.items():
            score = (axis.get("scores") or {}).get(label)
            _box(axes, x, y, f"{_wrapped(label)}\n{number(score, column.decimals)}", axis, label)
        if axis.get("why"):
            why = textwrap.fill(plain(axis["why"]), LETTERS + 8)
            axes.text(x, rows - 0.4, why, ha="center", va="top", fontsize=7, color=INK)
        if x + 1 < len(found) and axis.get("winner") in place:
            _arrows(axes, x, place[axis["winner"]], found[x + 1], places[x + 1])
    what = column.description
    what = plain(f"Scores: {column.name} ({what})" if what else column.name)
    axes.text(-WIDTH / 2, rows + 0.5, what, ha="left", va="center", fontsize=7, color=INK)
    return figure


def _places(axis: Mapping[str, Any], rows: int) -> dict[str, float]:
    """The height of each candidate's box, the whole axis in the middle."""
    labels = axis["candidates"]
    first = (rows - len(labels)) / 2
    return {label: first + i for i, label in enumerate(labels)}


def _box(axes: Axes, x: float, y: float, text: str, axis: Mapping[str, Any], label: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    won = label == axis.get("winner")
    axes.add_patch(
        FancyBboxPatch(
            (x - WIDTH / 2, y - HEIGHT / 2),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor="#e3eef7" if won else "white",
            edgecolor=WON if won else LOST,
            linewidth=1.6 if won else 0.9,
        )
    )
    weight = "bold" if won else "normal"
    axes.text(x, y, text, ha="center", va="center", fontsize=8, weight=weight, color=INK)


def _arrows(
    axes: Axes, x: float, y: float, after: Mapping[str, Any], places: Mapping[str, float]
) -> None:
    """From a winner to every candidate of the next axis, the next winner's last."""
    for label, height in sorted(places.items(), key=lambda one: one[0] == after.get("winner")):
        won = label == after.get("winner")
        axes.annotate(
            "",
            (x + 1 - WIDTH / 2, height),
            (x + WIDTH / 2, y),
            arrowprops={
                "arrowstyle": "-|>",
                "color": WON if won else LOST,
                "linewidth": 1.6 if won else 0.8,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )


def _wrapped(label: str) -> str:
    """A label on two lines at most."""
    return textwrap.fill(plain(label), LETTERS, max_lines=2, placeholder=" ...")


def plain(text: str) -> str:
    """Text that matplotlib does not take for mathematics."""
    return text.replace("$", r"\$")
