"""A store as a folder of pages: every sweep's table, a page behind each number, no server."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from reports.commands.options import WHOLE, add_store, folder_of, parser, store_of
from reports.commands.output import write_text
from reports.reading.collect import collect
from reports.reading.records import find_record, known_ids
from reports.reading.results import Results
from reports.site.cell import cell_page, cell_path
from reports.site.claims import PAGE, claims_page
from reports.site.overview import front_page, sweep_page

ASSETS = {"site.css": "reports.site", "site.js": "reports.site", "table.css": "reports.render"}


def write_site(store: Path, folder: Path, ids: Sequence[str] = ()) -> Path:
    """Write the pages of these sweeps, or of all; the front page.

    Raises ReportError for an unknown sweep, an empty store, or a folder that cannot be written.
    """
    records = [find_record(store, id) for id in (ids or known_ids(store) or ["last"])]
    results = Results(store)
    tables = []
    for record in records:
        table = collect(store, str(record["id"]))
        tables.append((record, table))
        write_text(folder / f"{table.id}.html", sweep_page(record, table))
        for i, row in enumerate(record["rows"]):
            for k in range(len(row["cells"])):
                page = cell_page(record, table, results, i, k)
                write_text(folder / cell_path(record, i, k), page)
    for name, package in ASSETS.items():
        write_text(folder / name, (files(package) / name).read_text(encoding="utf-8"))
    claims = claims_page(tables)
    if claims:
        write_text(folder / PAGE, claims)
    front = folder / "index.html"
    write_text(front, front_page(store, tables, PAGE if claims else None))
    results.save()
    return front


def run(words: Sequence[str]) -> int:
    """`python -m reports site`."""
    options = parser("site", __doc__ or "")
    options.add_argument("ids", nargs="*", help="sweeps of the store (default: all)")
    options.add_argument("--output", type=Path, metavar="DIR", help="write into this folder")
    add_store(options)
    arguments = options.read(words)
    store = store_of(arguments)
    folder = folder_of(arguments, store)
    print(write_site(store, folder if arguments.output else folder / "site", arguments.ids))
    return WHOLE
