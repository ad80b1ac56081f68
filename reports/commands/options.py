"""Options and answers that the commands share."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from reports.commands.output import FOLDER, print_table, write_table, write_text
from reports.errors import ReportError
from reports.reading.opened import is_file, opened, origin
from reports.render import FORMATS, Style, render
from reports.table import Table
from sweeps.errors import nearest
from sweeps.store import default_store, named_store

WHOLE, HOLE, MISTAKE, INTERRUPTED = 0, 1, 2, 130
NOTES = ("all", "few")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/+-]*")


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are this package's: one sentence, with the nearest names."""

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The options given. Raises ReportError for what it does not know."""
        arguments, unknown = self.parse_known_args(words)
        if unknown:
            known = [name for action in self._actions for name in action.option_strings]
            kind = "option" if unknown[0].startswith("-") else "word"
            hint = nearest(unknown[0].partition("=")[0], known)
            raise ReportError(f"Unknown {kind} {unknown[0]!r} for `{self.prog}`. {hint}")
        return arguments

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, without a page of usage."""
        raise ReportError(f"{self.prog}: {message}. See `{self.prog} --help`.")


def one_of(kind: str, known: Iterable[str]) -> Callable[[str], str]:
    """The type of an option that takes one of several names."""
    names = list(known)

    def check(word: str) -> str:
        if word not in names:
            raise ReportError(f"Unknown {kind} {word!r}. {nearest(word, names)}")
        return word

    return check


def parser(name: str, description: str) -> Parser:
    """A command's parser; its description is printed as it is written."""
    return Parser(
        prog=f"python -m reports {name}".rstrip(),
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """The option that every command on a store has."""
    parser.add_argument(
        "--store",
        type=named_store,
        help=f"the store, or a file of results (default: {default_store()})",
    )


def store_of(arguments: argparse.Namespace) -> Path:
    """The folder to read of the store that was meant, or of the file of results."""
    return opened(Path(arguments.store or default_store()))


def folder_of(arguments: argparse.Namespace, store: Path) -> Path:
    """Where files go: the folder that was asked for, else the store's. Raises ReportError."""
    if arguments.output is None and is_file(store):
        raise ReportError(
            f"Nothing is written into {origin(store)}, a file: name a folder with --output DIR."
        )
    return Path(arguments.output or store / FOLDER)


def add_drawing(parser: argparse.ArgumentParser) -> None:
    """The options of every command that draws a table."""
    parser.add_argument(
        "--format",
        type=one_of("format", FORMATS),
        metavar="FORMAT",
        help=f"print this format only: {', '.join(FORMATS)}",
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="write into this folder, not on the screen"
    )
    parser.add_argument("--deviation", action="store_true", help="show the deviation over runs")
    parser.add_argument("--siunitx", action="store_true", help="LaTeX: align numbers by siunitx")
    parser.add_argument(
        "--caption", type=_caption, metavar="TEXT", help="the caption, in place of the title"
    )
    parser.add_argument(
        "--label",
        type=_label,
        metavar="NAME",
        help="LaTeX: the table's label, such as tab:rates (of its claims: tab:rates-claims)",
    )
    parser.add_argument(
        "--notes",
        type=one_of("choice of notes", NOTES),
        default="all",
        metavar="|".join(NOTES),
        help="few: without how the table was made (default: all)",
    )


def style_of(arguments: argparse.Namespace) -> Style:
    """The style that was asked for."""
    return Style(
        deviation=arguments.deviation,
        siunitx=arguments.siunitx,
        few_notes=arguments.notes == "few",
        caption=arguments.caption,
        label=arguments.label,
    )


def _caption(text: str) -> str:
    if not text.strip():
        raise ReportError("--caption is empty. Give a text, or leave it out for the table's title.")
    return " ".join(text.split())


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise ReportError(
            f"--label {text!r} cannot stand in \\label. Accepted are letters, digits and : . _ / + "
            "- without spaces, such as tab:rates."
        )
    return text


def deliver(table: Table, arguments: argparse.Namespace) -> None:
    """The table as asked: one format or a picture, on the screen or into a folder."""
    style = style_of(arguments)
    if arguments.output and not arguments.format:
        written(table, arguments.output, style)
    if arguments.format and arguments.output:
        path = arguments.output / f"{table.id}{FORMATS[arguments.format].suffix}"
        write_text(path, render(table, arguments.format, style))
        print(path)
    elif arguments.format:
        sys.stdout.write(render(table, arguments.format, style))
    else:
        print_table(table, style)


def written(table: Table, folder: Path, style: Style) -> None:
    """Write every format and say where."""
    paths = write_table(table, folder, style)
    print(f"Written: {paths.markdown} and .tex .html .csv .json beside it", file=sys.stderr)
