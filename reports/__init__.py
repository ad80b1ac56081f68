"""From finished stages to tables that one would publish."""

from __future__ import annotations

from pathlib import Path


def show(store: Path, sweep: str) -> None:
    """Print a sweep's table, write it in every format, and say where Markdown and LaTeX lie."""
    from reports.output import show_sweep

    show_sweep(Path(store), sweep)
