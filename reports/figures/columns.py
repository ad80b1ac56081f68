"""How many deviations of noise lie between a column's best and worst row, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.commands.columns import separated
from reports.figures.flowchart import plain
from reports.figures.sweep import COLOURS, Sweep, canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WITHIN = "#999999"
CHANCE: dict[str, Any] = {"marker": "|", "color": COLOURS[1], "markersize": 14}


def columns(sweep: Sweep) -> Figure | None:
    """Each column's ratio of signal to noise beside what chance gives; None without any ratio."""
    found = separated(sweep.results.store.path, sweep.id).separations
    shown = [one for one in found if one.ratio is not None or one.checkpoint_ratio is not None]
    if not shown:
        return None
    shown.sort(key=lambda one: one.ratio or one.checkpoint_ratio or 0.0)
    figure, axes = canvas(6.4, 1.2 + 0.32 * len(shown))
    for y, one in enumerate(shown):
        if one.ratio is not None:
            colour = COLOURS[0] if one.clear() else WITHIN
            axes.plot([one.ratio], [y], "o", color=colour)
        if one.chance is not None:
            axes.plot([one.chance], [y], **CHANCE)
        if one.checkpoint_ratio is not None:
            axes.plot([one.checkpoint_ratio], [y], "o", color=COLOURS[0], fillstyle="none")
    for words, there, style in (
        ("over seeds", any(one.clear() for one in shown), {"marker": "o"}),
        (
            "over seeds, within chance",
            any(one.ratio is not None and not one.clear() for one in shown),
            {"marker": "o", "color": WITHIN},
        ),
        (
            "over checkpoints",
            any(one.checkpoint_ratio is not None for one in shown),
            {"marker": "o", "fillstyle": "none"},
        ),
        ("by chance, 1 in 20", any(one.chance for one in shown), CHANCE),
    ):
        if there:
            axes.plot([], [], linestyle="none", label=words, **{"color": COLOURS[0], **style})
    axes.set_xscale("log")
    axes.set_yticks(range(len(shown)), [plain(one.column) for one in shown])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.set_xlabel("ratio of signal to noise")
    axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
