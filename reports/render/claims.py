"""Claims alone, in the formats that a table of scores has, and as plain sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from reports.errors import ReportError
from reports.render.data import claims_json
from reports.render.folders import without_folders
from reports.render.html import render_html
from reports.render.latex import render_latex
from reports.render.markdown import render_markdown
from reports.render.style import Style
from reports.table import Table
from sweeps.errors import nearest


def render_claims(claims: Table, format: str) -> str:
    """A table of claims as text in one of CLAIM_FORMATS; ReportError for another."""
    if format not in CLAIM_FORMATS:
        raise ReportError(f"Unknown format {format!r}. {nearest(format, CLAIM_FORMATS)}")
    return CLAIM_FORMATS[format][1](without_folders(claims))


def _json(claims: Table) -> str:
    return json.dumps({"claims": claims_json(claims)}, indent=1, ensure_ascii=False) + "\n"


def _text(claims: Table) -> str:
    """A paragraph for each claim in each column, and the remarks to all."""
    paragraphs = [_paragraph(row.facts) for row in claims.rows]
    return "\n\n".join([*paragraphs, *claims.notes]) + "\n"


def _paragraph(facts: Mapping[str, Any]) -> str:
    within = f" within {facts['within']:g}" if facts["within"] is not None else ""
    section = f" (section {facts['section']})" if facts["section"] else ""
    lines = [f"{facts['that']}{within}, in {facts['column']}{section}"]
    if facts["verdict"]:
        lines.append(_verdict("", facts))
    if facts["published"]:
        lines.append(_verdict("published: ", facts["published"]))
    return "\n  ".join(lines)


def _verdict(side: str, facts: Mapping[str, Any]) -> str:
    seen = ""
    if facts["difference"] is not None:
        ends = " to ".join(f"{end:+.3g}" for end in facts["interval"] or ())
        seen = f", difference {facts['difference']:+.3g}{f' ({ends})' if ends else ''}"
    return f"{side}{facts['verdict']}{seen}. {facts['reason']}"


CLAIM_FORMATS: Mapping[str, tuple[str, Callable[[Table], str]]] = {
    "markdown": (".md", lambda claims: render_markdown(claims, Style())),
    "latex": (".tex", lambda claims: render_latex(claims, Style())),
    "html": (".html", lambda claims: render_html(claims, Style())),
    "json": (".json", _json),
    "text": (".txt", _text),
}
"""The ending of a file, and what draws it."""
