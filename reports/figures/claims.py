"""What was claimed as a forest plot: each difference with its interval, ours and the published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reports.figures.flowchart import plain
from reports.figures.sweep import COLOURS, Sweep, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VERDICT_COLOURS = {"supported": COLOURS[2], "contradicted": COLOURS[1], "undecided": "#777777"}
OFFSET = 0.18
"""Of our point above a claim's line, and of the published one below it."""
LONGEST = 60
"""Characters of a claim on an axis."""


def claims(sweep: Sweep) -> Figure | None:
    """A line a claim and column; a margin of `~` is a band. None without a judged claim.

    What is counted has no interval, and no place among scores.
    """
    facts = [row.facts for row in sweep.table.claims.rows] if sweep.table.claims else []
    shown = [one for one in facts if _seen(one) or _seen(one["published"])]
    if not shown:
        return None
    figure, axes = canvas(8.0, 1.3 + 0.38 * len(shown))
    both = any(_seen(one["published"]) for one in shown)
    for y, one in enumerate(shown):
        if one["within"] is not None:
            ends = [-one["within"], one["within"]]
            axes.fill_betweenx([y - 0.4, y + 0.4], *ends, color=COLOURS[0], alpha=0.12, lw=0)
        _point(axes, one, y - (OFFSET if both else 0), filled=True)
        _point(axes, one["published"], y + OFFSET, filled=False)
    axes.axvline(0, color="#444444", linewidth=0.8)
    axes.set_yticks(range(len(shown)), [_label(one) for one in shown], fontsize=7)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel("difference, above 0 where the first row is the better one")
    for word, colour in VERDICT_COLOURS.items():
        axes.plot([], [], "o", color=colour, label=word)
    if both:
        axes.plot([], [], "o", color="#444444", fillstyle="none", label="published")
    if any(one["within"] is not None for one in shown):
        axes.fill_betweenx([], [], color=COLOURS[0], alpha=0.12, lw=0, label="margin")
    axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _seen(facts: Mapping[str, Any] | None) -> bool:
    return facts is not None and facts["interval"] is not None


def _point(axes: Axes, facts: Mapping[str, Any] | None, y: float, *, filled: bool) -> None:
    if facts is None or not _seen(facts):
        return
    value, (low, high) = facts["difference"], facts["interval"]
    axes.errorbar(
        [value],
        [y],
        xerr=[[value - low], [high - value]],
        fmt="o",
        markersize=4,
        linewidth=1,
        color=VERDICT_COLOURS[facts["verdict"]],
        fillstyle="full" if filled else "none",
    )


def _label(facts: Mapping[str, Any]) -> str:
    that = plain(facts["that"])
    short = that if len(that) <= LONGEST else f"{that[: LONGEST - 1]}…"
    return f"{short}  {plain(facts['column'])}"
