"""One table, drawn in each format; every renderer shows the same cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports.errors import ReportError
from reports.render.data import render_csv, render_json
from reports.render.differences import with_differences
from reports.render.folders import without_folders
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
    for_people: bool
    """Whether what a test found is drawn as rows; programs read it beside each score."""


FORMATS = {
    "markdown": Format(suffix=".md", render=render_markdown, for_people=True),
    "latex": Format(suffix=".tex", render=render_latex, for_people=True),
    "html": Format(suffix=".html", render=render_html, for_people=True),
    "csv": Format(suffix=".csv", render=render_csv, for_people=False),
    "json": Format(suffix=".json", render=render_json, for_people=False),
}


def render(table: Table, format: str, style: Style | None = None) -> str:
    """The table as text in one of FORMATS; ReportError for another."""
    if format not in FORMATS:
        raise ReportError(f"Unknown format {format!r}. {nearest(format, FORMATS)}")
    chosen = FORMATS[format]
    table = without_folders(table)
    table = with_differences(table) if chosen.for_people else table
    return chosen.render(table, style or Style())
