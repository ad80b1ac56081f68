"""The front page and a sweep's page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from reports.reading.opened import origin
from reports.render.html import table_element
from reports.render.style import Style
from reports.site.cell import cell_path
from reports.site.page import grid, page
from reports.table import Column, Row, Score, Table

Record = Mapping[str, Any]


def front_page(
    store: Path, sweeps: Sequence[tuple[Record, Table]], claims: str | None = None
) -> str:
    """Every sweep with how much of it there is, the newest first; `claims` is their page."""
    rows = []
    for record, table in sweeps:
        scores = [score for row in table.rows for score in row.scores]
        there = sum(score.value is not None for score in scores)
        rows.append(
            [
                f'<a href="{escape(table.id)}.html">{escape(table.id)}</a>',
                escape(table.title),
                str(len(table.rows)),
                f"{there}/{len(scores)}",
                escape(str(record.get("created", ""))[:16].replace("T", " ")),
            ]
        )
    body = f"<p>Store: <code>{escape(str(origin(Path(store).absolute())))}</code></p>\n"
    if claims:
        body += f'<p><a href="{escape(claims)}">All claims and their verdicts</a></p>\n'
    body += grid(["sweep", "title", "rows", "scores", "created"], rows)
    return page("Sweeps", body)


def sweep_page(record: Record, table: Table) -> str:
    """A sweep's table, sortable, each number a link to the page of its cell."""
    number = {str(row["label"]): i for i, row in enumerate(record["rows"])}
    depth = table.id.count("/")
    up = "../" * depth

    def link(row: Row, column: Column, score: Score) -> str | None:
        return up + cell_path(record, number[row.label], 0) if row.label in number else None

    command = shlex.join(str(word) for word in record.get("command") or [])
    body = '<p class="hint">A click on a heading sorts; a number leads to its cell.</p>\n'
    body += table_element(table, Style(deviation=True), link)
    body += f"<p>Command: <code>{escape(command)}</code></p>\n"
    return page(table.title, body, trail=[("Sweeps", f"{up}index.html")], depth=depth)
