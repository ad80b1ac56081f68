"""From finished stages to tables that one would publish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import missing_packages  # noqa: F401

if TYPE_CHECKING:
    import pandas

    from reports.commands.output import RenderedPaths


def show(store: Path, sweep: str) -> None:
    """Print a sweep's table, write it in every format, and say where Markdown and LaTeX lie."""
    from reports.commands.output import show_sweep

    show_sweep(Path(store), sweep)


def write(store: Path, sweep: str) -> RenderedPaths:
    """Write a sweep's table in every format below its store; ReportError for an unknown one."""
    from reports.commands.output import write

    return write(Path(store), sweep)


def frame(store: Path, sweep: str) -> pandas.DataFrame:
    """A sweep's scores as a DataFrame, one line a run of each column; `sweep` is an id or "last".

    `store` is a store's folder, or a file of results.
    Its columns are described in docs/tables.md.
    """
    from reports.reading.dataframe import to_frame
    from reports.reading.opened import opened

    return to_frame(opened(Path(store)), sweep)
