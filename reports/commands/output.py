"""Tables on the screen and in the store's reports/ folder."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from reports.errors import ReportError
from reports.files import write_text
from reports.reading.collect import collect
from reports.render import FORMATS, Style, render
from reports.render.terminal import print_terminal
from reports.table import Table
from sweeps.screen import screen

FOLDER = "reports"


@dataclass(frozen=True, kw_only=True)
class RenderedPaths:
    """Where a table was written, by format."""

    markdown: Path
    latex: Path
    html: Path
    csv: Path
    json: Path


def write(store: Path, id: str, style: Style | None = None) -> RenderedPaths:
    """Write a sweep's table in every format below its store. Raises ReportError."""
    return write_table(collect(store, id), Path(store).absolute() / FOLDER, style)


def write_table(table: Table, folder: Path, style: Style | None = None) -> RenderedPaths:
    """Write a table in every format; ReportError for a folder that cannot be written."""
    paths = {name: folder / f"{table.id}{format.suffix}" for name, format in FORMATS.items()}
    for name, path in paths.items():
        write_text(path, render(table, name, style))
    return RenderedPaths(**paths)


def print_table(table: Table, style: Style | None = None) -> None:
    """A table on the screen: drawn on a terminal, Markdown where the output goes elsewhere."""
    if sys.stdout.isatty():
        print_terminal(table, style)
    else:
        sys.stdout.write(render(table, "markdown", style))


def show_sweep(store: Path, id: str) -> None:
    """Write a sweep's table in every format, print it, and name the two files one would paste.

    Raises ReportError where the files cannot be written, after the table was printed. A screen
    that takes no output is no error: the files have the table.
    """
    table = collect(store, id)
    unwritten = None
    try:
        paths = write_table(table, Path(store).absolute() / FOLDER)
    except ReportError as error:
        unwritten = error
    with screen():
        print_table(table)
        if unwritten:
            raise unwritten
        sys.stdout.write(f"\nMarkdown: {paths.markdown}\nLaTeX:    {paths.latex}\n")
