"""Pictures of a sweep: losses, score against cost, a search, dots, columns, claims, lines and more.

Each is written as SVG and PNG; matplotlib is imported only when one is drawn.
"""

from __future__ import annotations

import csv
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.commands.options import WHOLE, add_store, folder_of, parser, store_of
from reports.errors import ReportError
from reports.figures.across import across
from reports.figures.along import along
from reports.figures.claims import claims
from reports.figures.columns import columns
from reports.figures.flowchart import flowchart, plain
from reports.figures.lines import lines
from reports.figures.sweep import (
    COLOURS,
    MARKERS,
    Sweep,
    axis_label,
    canvas,
    find_column,
    legend,
    row_label,
)
from reports.table import Row
from sweeps.digests import check_file
from sweeps.errors import DamagedStageError, nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE = "metrics.csv"
SUFFIXES = (".svg", ".png")
DPI = 200
PANELS_A_ROW = 4

log = logging.getLogger(__name__)

Curve = list[tuple[float, float]]


def losses(sweep: Sweep) -> Figure | None:
    """Training loss against step, a line a seed; None without a curve."""
    found: list[tuple[Row, list[Curve]]] = []
    for row in sweep.table.rows:
        seen: dict[str, Curve] = {}
        for cell in sweep.cells(row):
            key, curve = _curve(sweep, cell)
            if curve:
                seen[key] = curve
        if seen:
            found.append((row, list(seen.values())))
    if not found:
        return None
    figure, axes = canvas(7.0, 4.2)
    for i, (row, curves) in enumerate(found):
        for k, curve in enumerate(curves):
            steps, values = zip(*curve, strict=True)
            axes.plot(
                steps,
                values,
                color=COLOURS[i % len(COLOURS)],
                linestyle=("-", "--", ":", "-.")[i // len(COLOURS) % 4],
                linewidth=1.6 if row.baseline else 1.1,
                alpha=1.0 if k == 0 else 0.45,
                label=row_label(row) if k == 0 else None,
            )
    axes.set_xlabel("step")
    axes.set_ylabel("training loss")
    legend(axes)
    return figure


def cost(sweep: Sweep) -> Figure | None:
    """Score against the FLOPs of a row's stages, or their seconds where no FLOPs are known."""
    chosen = find_column(sweep.table, sweep.column)
    j = sweep.table.columns.index(chosen)
    rows = [row for row in sweep.table.rows if row.scores[j].value is not None]
    unit = "FLOPs of a run's stages"
    spent = [sweep.flops(row) for row in rows]
    if not all(spent):
        unit = "seconds of a run's stages"
        spent = [sweep.seconds(row) for row in rows]
    points = [(row, x) for row, x in zip(rows, spent, strict=True) if x]
    if not points:
        return None
    figure, axes = canvas(6.0, 4.2)
    for i, (row, x) in enumerate(points):
        score = row.scores[j]
        axes.errorbar(
            x,
            score.value or 0.0,
            yerr=score.deviation,
            marker="*" if row.baseline else MARKERS[i // len(COLOURS) % len(MARKERS)],
            markersize=10 if row.baseline else 5,
            capsize=2,
            linestyle="none",
            color=COLOURS[i % len(COLOURS)],
            label=row_label(row),
        )
    places = [x for _, x in points]
    if 0 < 5 * min(places) < max(places):
        axes.set_xscale("log")
    axes.set_xlabel(unit)
    axes.set_ylabel(axis_label(chosen))
    legend(axes)
    return figure


def ascent(sweep: Sweep) -> Figure | None:
    """The path of a search as a flow chart; None where none was made."""
    search = sweep.record.get("search")
    if not search:
        return None
    return flowchart(search, find_column(sweep.table, search["score"]))


def dots(sweep: Sweep) -> Figure | None:
    """Every column as a panel of dots, with the band of two baseline deviations beside the best."""
    table = sweep.table
    if not table.rows or not table.columns:
        return None
    from matplotlib.figure import Figure

    wide = min(PANELS_A_ROW, len(table.columns))
    high = -(-len(table.columns) // wide)
    figure = Figure(
        figsize=(2.0 + 2.3 * wide, high * (0.9 + 0.26 * len(table.rows))), layout="constrained"
    )
    panels = figure.subplots(high, wide, squeeze=False, sharey=True)
    for panel in panels.flat[len(table.columns) :]:
        panel.set_visible(False)
    baseline = next((row for row in table.rows if row.baseline), None)
    places = range(len(table.rows))
    for j, (column, axes) in enumerate(zip(table.columns, panels.flat, strict=False)):
        values = [row.scores[j].value for row in table.rows]
        there = [value for value in values if value is not None]
        std = baseline.scores[j].deviation if baseline else None
        if std is not None and there:
            best = column.best(there)
            line = best + 2 * std if column.lower_is_better else best - 2 * std
            axes.axvspan(min(best, line), max(best, line), color="#1b6ca8", alpha=0.15, lw=0)
        for y, row in zip(places, table.rows, strict=True):
            score = row.scores[j]
            axes.plot(score.samples, [y] * len(score.samples), "|", color="#999999", markersize=7)
            if score.value is not None:
                axes.plot(
                    [score.value],
                    [y],
                    "*" if row.baseline else "o",
                    color="#1b6ca8" if score.bold else "#555555",
                    markersize=9 if row.baseline else 5,
                )
        axes.set_title(plain(column.name), fontsize=9)
        axes.tick_params(labelsize=8)
        axes.grid(axis="y", alpha=0.25)
    panels[0][0].set_yticks(places, [plain(row_label(row)) for row in table.rows])
    panels[0][0].set_ylim(len(table.rows) - 0.5, -0.5)
    return figure


FIGURES: dict[str, Callable[[Sweep], Figure | None]] = {
    "loss": losses,
    "cost": cost,
    "ascent": ascent,
    "dots": dots,
    "columns": columns,
    "claims": claims,
    "lines": lines,
    "along": along,
    "across": across,
}


def write_figures(sweep: Sweep, folder: Path, kinds: Sequence[str] = tuple(FIGURES)) -> list[Path]:
    """Write what can be drawn of a sweep as <id>_<kind>.svg and .png; the files.

    Raises ReportError for an unknown kind, or a folder that cannot be written.
    """
    written = []
    for kind in kinds:
        if kind not in FIGURES:
            raise ReportError(f"Unknown figure {kind!r}. {nearest(kind, FIGURES)}")
        figure = FIGURES[kind](sweep)
        if figure is None:
            log.info("%s has nothing to draw as %s.", sweep.id, kind)
            continue
        for suffix in SUFFIXES:
            path = folder / f"{sweep.id}_{kind}{suffix}"
            save(figure, path)
            written.append(path)
    return written


def save(figure: Figure, path: Path) -> None:
    """Write a figure so that the same numbers give the same file."""
    import matplotlib

    fixed: Any = {"svg.hashsalt": "figure", "svg.fonttype": "none"}
    facts = {"Date": None} if path.suffix == ".svg" else None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context(fixed):
            figure.savefig(path, dpi=DPI, metadata=facts)
    except OSError as error:
        raise ReportError(
            f"Cannot write {path}: {error.strerror or error}. Name another folder with --output."
        ) from error


def read_curve(path: Path) -> Curve:
    """Step and loss of a finished stage's file of metrics; lines without a loss are left out."""
    try:
        with check_file(path.parent, path.name).open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    except DamagedStageError as error:
        # A file of results holds no curves.
        if path.exists():
            log.warning("%s", error)
        return []
    points = ((_finite(line.get("step")), _finite(line.get("loss"))) for line in lines)
    return [(step, loss) for step, loss in points if step is not None and loss is not None]


def _finite(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


def run(words: Sequence[str]) -> int:
    """`python -m reports figures ID`."""
    options = parser("figures", __doc__ or "")
    options.add_argument("id", help="a sweep of the store, or `last`")
    options.add_argument("kinds", nargs="*", help=f"which of: {', '.join(FIGURES)} (default: all)")
    options.add_argument("--output", type=Path, metavar="DIR", help="write into this folder")
    options.add_argument("--stage", help="whose loss is drawn (default: the first that trains)")
    options.add_argument("--column", help="whose score is drawn (default: the average)")
    add_store(options)
    arguments = options.read(words)
    store = store_of(arguments)
    folder = folder_of(arguments, store)
    kinds = arguments.kinds or tuple(FIGURES)
    sweep = Sweep(store, arguments.id, arguments.stage, arguments.column)
    for path in write_figures(sweep, folder, kinds):
        print(path)
    return WHOLE


def _curve(sweep: Sweep, cell: Mapping[str, Any]) -> tuple[str, Curve]:
    # The record lists stages with their inputs first, so that the first curve is the first work.
    keys = set(cell["stages"])
    for key in [key for key in sweep.stages if key in keys]:
        name = sweep.stages[key]["name"]
        if sweep.stage in (None, name):
            curve = read_curve(sweep.results.store.place(name, key) / CURVE)
            if curve:
                return key, curve
    return "", []
