"""The page of all claims: every study's, with both verdicts and the runs behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from reports.site.cell import cell_path
from reports.site.page import grid, page, section
from reports.table import Row, Table

PAGE = "claims.html"
HEADINGS = ("claim", "in", "difference", "interval", "verdict", "published verdict", "runs")


def claims_page(sweeps: Sequence[tuple[Mapping[str, Any], Table]]) -> str | None:
    """The claims of all sweeps, a section each; None where nothing was claimed."""
    claimed = [(record, table, table.claims) for record, table in sweeps if table.claims]
    if not claimed:
        return None
    body = "<p>A claim leads to the sweep's table; a run to its scores, its stages, its logs.</p>\n"
    for record, table, claims in claimed:
        rows = [_row(record, table, row) for row in claims.rows]
        study = str(record.get("study") or "")
        said = f"<p>{escape(' '.join(claims.notes))}</p>\n"
        body += section(f"{study}: {table.title}", grid(HEADINGS, rows) + said)
    return page("Claims", body, trail=[("Sweeps", "index.html")])


def _row(record: Mapping[str, Any], table: Table, row: Row) -> list[str]:
    facts, published = row.facts, row.facts["published"] or {}
    label = f'<a href="{escape(table.id)}.html">{escape(row.label)}</a>'
    return [
        label,
        escape(facts["column"]),
        *(escape(score.text or "") for score in row.scores[:2]),
        _verdict(facts),
        _verdict(published) if published else "",
        "<br>".join(_runs(record, row) for row in _rows(facts)),
    ]


def _rows(facts: Mapping[str, Any]) -> list[str]:
    """The rows that a claim is about."""
    return list(dict.fromkeys([facts["left"], facts["right"], *(facts["over"] or ())]))


def _verdict(facts: Mapping[str, Any]) -> str:
    """The verdict; its reason shows where the pointer rests."""
    word = str(facts["verdict"])
    return (
        f'<span class="verdict {word.split()[0]}" title="{escape(str(facts["reason"]))}">'
        f"{escape(word)}</span>"
    )


def _runs(record: Mapping[str, Any], label: str) -> str:
    """A row with a link to the page of each of its runs."""
    for i, row in enumerate(record["rows"]):
        if str(row["label"]) == label:
            links = [
                f'<a href="{escape(cell_path(record, i, k))}">{cell["seed"]}</a>'
                for k, cell in enumerate(row["cells"])
            ]
            return f"{escape(label)}: seed {', '.join(links)}"
    return escape(label)
