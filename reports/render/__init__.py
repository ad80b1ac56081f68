"""One table, drawn in each format; every renderer shows the same cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports.errors import ReportError
from reports.render.data import render_csv, render_json
from reports.render.html import render_html
from reports.render.latex import render_latex
from reports.render.markdown import render_markdown
from reports.render.style import Style
from reports.table import Table
from sweeps.errors import nearest

__all__ = ["FORMATS", "Format", "Style", "render"]


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a table is written down."""

    suffix: str
    render: Callable[[Table, Style], str]


FORMATS = {
    "markdown": Format(suffix=".md", render=render_markdown),
    "latex": Format(suffix=".tex", render=render_latex),
    "html": Format(suffix=".html", render=render_html),
    "csv": Format(suffix=".csv", render=render_csv),
    "json": Format(suffix=".json", render=render_json),
}


def render(table: Table, format: str, style: Style | None = None) -> str:
    """The table as text in one of FORMATS; ReportError for another."""
    if format not in FORMATS:
        raise ReportError(f"Unknown format {format!r}. {nearest(format, FORMATS)}")
    return FORMATS[format].render(table, style or Style())
