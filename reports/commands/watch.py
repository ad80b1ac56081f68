"""A table drawn again whenever it changes, until its sweep has come to rest."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from reports.reading.missing import settled
from reports.reading.records import find_record
from reports.reading.results import Results
from reports.table import Table

CLEAR = "\x1b[2J\x1b[H"


def watch(
    table_now: Callable[[], Table],
    draw: Callable[[Table], None],
    store: Path,
    id: str,
    seconds: float,
) -> Table:
    """Draw a sweep's table every time it differs; the last one once all stages are settled."""
    shown: Table | None = None
    while True:
        # Asked before the table is read: what settles in between is drawn, never missed.
        rest = at_rest(store, id)
        table = table_now()
        if table != shown:
            if sys.stdout.isatty():
                sys.stdout.write(CLEAR)
            draw(table)
            sys.stdout.flush()
            shown = table
        # A reader that went away, as `| head` does, waits for nothing more.
        if rest or getattr(sys.stdout, "failure", None):
            return table
        time.sleep(seconds)


def at_rest(store: Path, id: str) -> bool:
    """Whether every score of a sweep is there, or will not come without another run."""
    record = find_record(store, id)
    results = Results(store)
    stages = record.get("stages") or {}
    keys = {k for row in record["rows"] for cell in row["cells"] for k in cell["scores"].values()}
    return all(settled(results, stages, key) for key in keys)
