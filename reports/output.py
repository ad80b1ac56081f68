"""Tables on the screen and in the store's reports/ folder."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from reports.collect import collect
from reports.errors import ReportError
from reports.render import FORMATS, Style, render
from reports.render.style import caption, plain_text
from reports.table import STAR, Table

FOLDER = "reports"


@dataclass(frozen=True, kw_only=True)
class RenderedPaths:
    """Where a table was written, by format."""

    markdown: Path
    latex: Path
    html: Path
    csv: Path
    json: Path


def default_store() -> Path:
    """The store that runs use when nobody says another."""
    settings = yaml.safe_load((files("reports") / "settings.yaml").read_text(encoding="utf-8"))
    return Path(os.environ.get(settings["store_variable"]) or settings["store"])


def write(store: Path, id: str, style: Style | None = None) -> RenderedPaths:
    """Write a sweep's table in every format below its store. Raises ReportError."""
    return write_table(collect(store, id), Path(store).absolute() / FOLDER, style)


def write_table(table: Table, folder: Path, style: Style | None = None) -> RenderedPaths:
    """Write a table in every format; ReportError for a folder that cannot be written."""
    paths = {name: folder / f"{table.id}{format.suffix}" for name, format in FORMATS.items()}
    for name, path in paths.items():
        write_text(path, render(table, name, style))
    return RenderedPaths(**paths)


def write_text(path: Path, text: str) -> None:
    """Replace a file as a whole; ReportError where that cannot be."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise ReportError(
            f"Cannot write {path}: {error.strerror or error}. Name another folder with --output."
        ) from error


def print_table(table: Table, style: Style | None = None) -> None:
    """A table on the screen: drawn on a terminal, Markdown where the output goes elsewhere."""
    if sys.stdout.isatty():
        render_terminal(table, style)
    else:
        sys.stdout.write(render(table, "markdown", style))


def render_terminal(table: Table, style: Style | None = None) -> None:
    """Draw a table on the terminal, bold as bold."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawing
    from rich.text import Text

    style = style or Style()
    marks = table.marks
    drawing = Drawing(title=Text(caption(table)), title_justify="left", box=box.SIMPLE_HEAD)
    for heading in table.headings:
        drawing.add_column(Text(heading), overflow="fold")
    for column in table.columns:
        drawing.add_column(Text(column.name), justify="right")
    for row in table.every_row:
        look = "" if row.kind == "score" else "dim italic"
        cells = [Text(part, style=look) for part in table.left(row)]
        label = Text(f"{STAR} " if row.baseline else "", style=look)
        label.append_text(cells[table.label_at]).append(_marked(row.notes, marks), style="dim")
        cells[table.label_at] = label
        for column, score in zip(table.columns, row.scores, strict=True):
            text = plain_text(row, column, score, style)
            cells.append(Text(text, style="bold green" if score.bold else look))
            cells[-1].append(_marked(score.notes, marks), style="not bold dim")
        if table.references and row is table.references[0]:
            drawing.add_section()
        drawing.add_row(*cells)
    console = Console(highlight=False)
    for said in table.preface:
        console.print(Text(said))
    console.print(drawing)
    for note, mark in marks.items():
        console.print(Text(f"{mark} {note}", style="dim"))
    for note in table.notes:
        console.print(Text(note, style="dim"))


def show_sweep(store: Path, id: str) -> None:
    """Print a sweep's table, write every format, and name the two files one would paste."""
    table = collect(store, id)
    print_table(table)
    paths = write_table(table, Path(store).absolute() / FOLDER)
    sys.stdout.write(f"\nMarkdown: {paths.markdown}\nLaTeX:    {paths.latex}\n")
    sys.stdout.flush()


def _marked(notes: tuple[str, ...], marks: dict[str, str]) -> str:
    return f" {','.join(marks[note] for note in notes)}" if notes else ""
