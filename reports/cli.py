"""The command line of this package: a sweep's table, or one of the commands beside it."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Sequence

from reports.collect import collect
from reports.errors import ReportError
from reports.options import (
    HOLE,
    INTERRUPTED,
    MISTAKE,
    WHOLE,
    add_drawing,
    add_store,
    deliver,
    parser,
    store_of,
    style_of,
    written,
)
from reports.output import FOLDER

COMMANDS = {
    "published": "reports.published.command",
    "figures": "reports.figures",
    "site": "reports.site",
}
"""Modules with a `run(words) -> exit status`, imported only when asked for."""

DESCRIPTION = f"""A sweep's table from its store, as far as it is finished.

  python -m reports last                       the newest sweep
  python -m reports table06 --format latex     one sweep, in one format

Other commands, each with a --help of its own: {", ".join(COMMANDS)}
Exit status: 0 whole, 1 a hole, 2 a mistake in what was asked.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words and words[0] in COMMANDS:
            return importlib.import_module(COMMANDS[words[0]]).run(words[1:])
        return table_command(words)
    except ReportError as error:
        print(error, file=sys.stderr)
        return MISTAKE
    except BrokenPipeError:
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.close()
        return WHOLE
    except KeyboardInterrupt:
        return INTERRUPTED


def table_command(words: Sequence[str]) -> int:
    """Print a sweep's table; without --format also write every format below the store."""
    options = parser("", DESCRIPTION)
    options.add_argument("id", help="a sweep of the store, or `last`")
    add_store(options)
    add_drawing(options)
    given = options.parse_args(words)
    store = store_of(given)
    table = collect(store, given.id)
    deliver(table, given)
    if not given.format and not given.output:
        try:
            written(table, store / FOLDER, style_of(given))
        except ReportError as error:
            print(error, file=sys.stderr)
    return HOLE if table.holes else WHOLE
