"""A curve over steps as a small picture inside a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 220, 56, 28
POINTS = 600
"""More points than this do not show at this width."""


def curve_element(
    curve: Sequence[tuple[float, float]],
    title: str,
    *,
    marked: tuple[float, float] | None = None,
    level: float | None = None,
) -> str:
    """Numbers against step as an SVG element with its title; a curve of two points or more.

    `marked` is a point to stand out, `level` a number to draw as a dashed line.
    """
    every = max(1, -(-len(curve) // POINTS))
    shown = [*curve[:-1:every], curve[-1]]
    steps, losses = [x for x, _ in shown], [y for _, y in shown]
    numbers = losses if level is None else [*losses, level]
    low, high = min(numbers), max(numbers)
    first, last = min(steps), max(steps)
    across, up = (last - first) or 1.0, (high - low) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (x - first) / across * (WIDTH - LEFT - 8),
            8 + (high - y) / up * (HEIGHT - BOTTOM - 8),
        )

    points = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in shown)
    more = ""
    if level is not None:
        more += f'<path class="level" d="M{LEFT} {place(first, level)[1]:.1f}H{WIDTH - 8}"/>'
    if marked is not None:
        more += '<circle cx="{:.1f}" cy="{:.1f}" r="5"/>'.format(*place(*marked))
    base = HEIGHT - BOTTOM
    texts = [
        (LEFT - 6, 14, "end", f"{high:.3g}"),
        (LEFT - 6, base, "end", f"{low:.3g}"),
        (LEFT, HEIGHT - 8, "start", f"{first:g}"),
        (WIDTH - 8, HEIGHT - 8, "end", f"step {last:g}"),
    ]
    words = "".join(f'<text x="{x}" y="{y}" text-anchor="{a}">{t}</text>' for x, y, a, t in texts)
    return (
        f'<figure><svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f'<path d="M{LEFT} 8V{base}H{WIDTH - 8}"/><polyline points="{points}"/>{more}{words}</svg>'
        f"<figcaption>{escape(title)}</figcaption></figure>\n"
    )
