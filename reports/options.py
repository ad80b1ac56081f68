"""Options and answers that the commands share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reports.output import default_store, print_table, write_table, write_text
from reports.render import FORMATS, Style, render
from reports.table import Table

WHOLE, HOLE, MISTAKE, INTERRUPTED = 0, 1, 2, 130


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """A command's parser; its description is printed as it is written."""
    return argparse.ArgumentParser(
        prog=f"python -m reports {name}".rstrip(),
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """The option that every command on a store has."""
    parser.add_argument("--store", type=Path, help=f"the store (default: {default_store()})")


def store_of(given: argparse.Namespace) -> Path:
    """The store that was meant."""
    return Path(given.store or default_store()).absolute()


def add_drawing(parser: argparse.ArgumentParser) -> None:
    """The options of every command that draws a table."""
    parser.add_argument("--format", choices=list(FORMATS), help="print this format only")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write into this folder")
    parser.add_argument("--deviation", action="store_true", help="show the deviation over runs")
    parser.add_argument("--siunitx", action="store_true", help="LaTeX: align numbers by siunitx")


def style_of(given: argparse.Namespace) -> Style:
    """The style that was asked for."""
    return Style(deviation=given.deviation, siunitx=given.siunitx)


def deliver(table: Table, given: argparse.Namespace) -> None:
    """The table as asked: one format or a picture, on the screen or into a folder."""
    style = style_of(given)
    if given.format and given.output:
        path = given.output / f"{table.id}{FORMATS[given.format].suffix}"
        write_text(path, render(table, given.format, style))
        print(path)
    elif given.format:
        sys.stdout.write(render(table, given.format, style))
    else:
        print_table(table, style)
        if given.output:
            written(table, given.output, style)


def written(table: Table, folder: Path, style: Style) -> None:
    """Write every format and say where."""
    paths = write_table(table, folder, style)
    sys.stdout.flush()
    print(f"Written: {paths.markdown} and .tex .html .csv .json beside it", file=sys.stderr)
