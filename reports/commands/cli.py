"""The command line of this package: a sweep's table, or one of the commands beside it."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reports.commands.options import (
    HOLE,
    INTERRUPTED,
    MISTAKE,
    WHOLE,
    add_drawing,
    add_store,
    deliver,
    one_of,
    parser,
    store_of,
    style_of,
    written,
)
from reports.commands.output import FOLDER
from reports.commands.watch import watch
from reports.errors import ReportError
from reports.reading.collect import collect
from reports.reading.opened import is_file, origin
from reports.reading.records import find_record
from reports.statistics.difference import TESTS, mark_differences
from reports.table import Table
from sweeps.errors import SweepError, nearest
from sweeps.screen import screen

COMMANDS = {
    "published": "reports.commands.published",
    "compare": "reports.commands.compare",
    "claims": "reports.commands.claims",
    "columns": "reports.commands.columns",
    "verify": "reports.commands.verify",
    "figures": "reports.figures",
    "site": "reports.site",
}
"""Modules with a `run(words) -> exit status`, imported only when asked for."""

DESCRIPTION = f"""A sweep's table from its store, as far as it is finished.

  python -m reports last                       the newest sweep
  python -m reports table06 --format latex     one sweep, in one format
  python -m reports table06 --watch            again whenever a score arrives
  python -m reports table06 --test welch       with a test beyond the rule of bold
  python -m reports table06 --notes few --caption "Rates" --label tab:rates    for a paper
  python -m reports table06 --store FILE.tar.xz     from `python -m sweeps export --results`

Other commands, each with a --help of its own: {", ".join(COMMANDS)}
Exit status: 0 whole, 1 a hole, 2 a mistake in what was asked, or what could not be written.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    with screen() as shown:
        try:
            if words and words[0] in COMMANDS:
                status = importlib.import_module(COMMANDS[words[0]]).run(words[1:])
            else:
                status = table_command(words)
        except SweepError as error:
            status = MISTAKE
            with contextlib.suppress(OSError, ValueError, AttributeError):
                print(error, file=sys.stderr)
        except KeyboardInterrupt:
            status = INTERRUPTED
        shown.flush()
        if shown.failure and not shown.left:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                print(f"Cannot write to standard output: {shown.failure}.", file=sys.stderr)
            status = max(status, MISTAKE)
    return int(status)


def table_command(words: Sequence[str]) -> int:
    """Print a sweep's table; without --format also write every format below the store."""
    options = parser("", DESCRIPTION)
    options.add_argument("id", help="a sweep of the store, or `last`")
    add_store(options)
    add_drawing(options)
    options.add_argument(
        "--test",
        type=one_of("test", TESTS),
        metavar="TEST",
        help=f"mark what differs from the baseline: {', '.join(TESTS)}",
    )
    options.add_argument(
        "--cost", action="store_true", help="a last column: the FLOPs of one run of each row"
    )
    options.add_argument(
        "--watch", nargs="?", type=float, const=2.0, metavar="SECONDS", help="draw again on changes"
    )
    options.add_argument("--wandb", action="store_true", help="log the files as a wandb artifact")
    if not words:
        options.print_help(sys.stderr)
        return MISTAKE
    if len(words) > 1 and not any(word.startswith("-") for word in words[:2]):
        raise ReportError(
            f"Unknown command {words[0]!r}. {nearest(words[0], COMMANDS)} "
            f"After a sweep come options alone, not {words[1]!r}."
        )
    arguments = options.read(words)
    store = store_of(arguments)
    for option in ("watch", "wandb"):
        if getattr(arguments, option) not in (None, False) and is_file(store):
            raise ReportError(f"--{option} takes a store: {origin(store)} is a file of results.")

    def table_now() -> Table:
        table = collect(store, arguments.id, cost=arguments.cost)
        if arguments.test:
            table = mark_differences(table, arguments.test, store, find_record(store, arguments.id))
            table = replace(table, provenance={**table.provenance, "test": arguments.test})
        return table

    if arguments.watch is not None:
        table = watch(
            table_now, lambda table: deliver(table, arguments), store, arguments.id, arguments.watch
        )
    else:
        table = table_now()
    status = HOLE if table.holes else WHOLE
    if arguments.watch is None:
        # Files first: a screen that cannot show the table does not lose it.
        unwritten = _written(table, store, arguments)
        deliver(table, arguments)
    else:
        unwritten = _written(table, store, arguments)
    if unwritten:
        print(unwritten, file=sys.stderr)
        status = MISTAKE
    if arguments.wandb:
        from reports.commands.wandb_artifact import log_artifact

        print(log_artifact(table, store, style_of(arguments)), file=sys.stderr)
    return status


def _written(table: Table, store: Path, arguments: argparse.Namespace) -> str:
    """Write every format below the store where nothing else was asked for; why it could not be."""
    if arguments.format or arguments.output or is_file(store):
        return ""
    try:
        written(table, store / FOLDER, style_of(arguments))
    except ReportError as error:
        return str(error)
    return ""
