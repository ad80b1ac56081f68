"""The command line of this package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from reports.collect import collect
from reports.errors import ReportError
from reports.output import default_store, print_table, write, write_text
from reports.render import FORMATS, Style, render
from reports.table import Table

WHOLE, HOLE, MISTAKE, INTERRUPTED = 0, 1, 2, 130

DESCRIPTION = """A sweep's table from its store, as far as it is finished.

  python -m reports last                       the newest sweep
  python -m reports table06 --format latex     one sweep, in one format
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. 0: the table is whole; 1: it has a hole; 2: the user's mistake."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command, rest = (words[0], words[1:]) if words and words[0] in COMMANDS else ("", words)
    try:
        return COMMANDS[command](rest)
    except ReportError as error:
        print(error, file=sys.stderr)
        return MISTAKE
    except BrokenPipeError:
        sys.stderr.close()
        return WHOLE
    except KeyboardInterrupt:
        return INTERRUPTED


def table_command(words: Sequence[str]) -> int:
    """Print a sweep's table and write it down."""
    parser = argparse.ArgumentParser(
        prog="python -m reports",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("id", help="a sweep of the store, or `last`")
    add_store(parser)
    add_drawing(parser)
    given = parser.parse_args(words)
    store = store_of(given)
    table = collect(store, given.id)
    style = style_of(given)
    if given.format:
        deliver(table, given, style)
    else:
        print_table(table, style)
        paths = write(store, table.id, table=table, folder=given.output, style=style)
        print(
            f"Written below {paths.markdown.parent}: {table.id}.md .tex .html .csv .json",
            file=sys.stderr,
        )
    return HOLE if table.holes else WHOLE


def add_store(parser: argparse.ArgumentParser) -> None:
    """The option that every command on a store has."""
    parser.add_argument("--store", type=Path, help=f"the store (default: {default_store()})")


def store_of(given: argparse.Namespace) -> Path:
    """The store that was meant."""
    return (given.store or default_store()).absolute()


def add_drawing(parser: argparse.ArgumentParser) -> None:
    """The options of every command that draws a table."""
    parser.add_argument("--format", choices=sorted(FORMATS), help="print this format only")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write into this folder")
    parser.add_argument("--deviation", action="store_true", help="show the deviation over seeds")
    parser.add_argument("--siunitx", action="store_true", help="LaTeX: align numbers by siunitx")


def style_of(given: argparse.Namespace) -> Style:
    """The style that was asked for."""
    return Style(deviation=given.deviation, siunitx=given.siunitx)


def deliver(table: Table, given: argparse.Namespace, style: Style) -> None:
    """One format, to the screen or into the folder that was asked for."""
    text = render(table, given.format, style)
    if given.output is None:
        sys.stdout.write(text)
        return
    path = given.output / f"{table.id}{FORMATS[given.format].suffix}"
    write_text(path, text)
    print(path)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"": table_command}
