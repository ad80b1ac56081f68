"""CSV and JSON: the same table for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from reports.render.style import Style, caption, described, notes
from reports.table import Column, Row, Score, Table, decimals, number

TESTED = ("p", "low", "high")
"""What CSV says of a tested score's difference to the baseline."""


def render_csv(table: Table, style: Style) -> str:
    """One line a row, after comment lines: read it with `comment="#"`.

    A column of scores is followed by whether it is bold, its deviation, its runs and, after a
    test, the p-value and the ends of the interval of its difference to the baseline. Texts stand
    in quotes, always: a reader takes an unquoted # in the midst of a line for a comment.
    """
    text = io.StringIO()
    text.writelines(f"# {line}\n" for line in described(table, "csv", style))
    remarks = (*table.preface, *notes(table, style), *_claims(table))
    text.writelines(f"# {' '.join(remark.split())}\n" for remark in remarks)
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    tested = any(score.p_value is not None for row in table.rows for score in row.scores)
    companions = ("bold", "deviation", "runs", "asked", *(TESTED if tested else ()), "note")
    writer.writerow(
        [
            "row",
            "kind",
            "baseline",
            *(heading or "label" for heading in table.headings),
            *(column.name for column in table.columns),
            *(f"{column.name} {what}" for column in table.columns for what in companions),
        ]
    )
    for row in table.every_row:
        values = [
            _written(row, column, score)
            for column, score in zip(table.columns, row.scores, strict=True)
        ]
        more = [
            entry
            for score in row.scores
            for entry in (
                int(score.bold),
                _exact(score.deviation),
                score.runs,
                score.asked,
                *(
                    map(_exact, (score.p_value, *(score.interval or (None, None))))
                    if tested
                    else ()
                ),
                " ".join(score.notes),
            )
        ]
        writer.writerow([row.label, row.kind, int(row.baseline), *table.left(row), *values, *more])
    return text.getvalue()


def _claims(table: Table) -> Iterator[str]:
    """The claims below a table, a line each: CSV holds one table."""
    if table.claims is None:
        return
    for row in table.claims.rows:
        said = zip(table.claims.columns, row.scores, strict=True)
        words = [f"{column.name} {score.text}" for column, score in said if score.text]
        yield f"Claim: {' in '.join(table.claims.left(row))}: {', '.join(words)}."


def _exact(value: float | None) -> _Digits | None:
    return None if value is None else _Digits(repr(value))


class _Digits(float):
    """A number that csv writes with these digits, out of quotes."""

    def __new__(cls, digits: str) -> _Digits:
        number = super().__new__(cls, digits)
        number.digits = digits
        return number

    digits: str

    def __str__(self) -> str:
        return self.digits

    __repr__ = __str__


def _written(row: Row, column: Column, score: Score) -> _Digits | str | None:
    """A score's digits without the sign of a difference, or its text; None for a hole."""
    if score.value is None:
        return score.text
    digits = score.text or number(score.value, decimals(row, column), scientific=column.scientific)
    return _Digits(digits)


def render_json(table: Table, style: Style) -> str:
    """Columns by name and rows of label, baseline, values and bold; the rest beside them."""
    drawn = {
        "id": table.id,
        "title": table.title,
        "section": table.section,
        "caption": caption(table, style),
        "columns": [column.name for column in table.columns],
        "rows": [_row(table, row) for row in table.rows],
        "references": [_row(table, row) for row in table.references],
        "headings": list(table.headings),
        "units": [column.description or None for column in table.columns],
        "decimals": [column.decimals for column in table.columns],
        "preface": list(table.preface),
        "notes": list(notes(table, style)),
        **({"claims": claims_json(table.claims)} if table.claims else {}),
        "provenance": dict(line.split(": ", 1) for line in described(table, "json", style)),
    }
    return json.dumps(drawn, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def claims_json(claims: Table) -> list[dict[str, Any]]:
    """Claims by what was claimed, with our verdict and the published one."""
    return [dict(row.facts) for row in claims.rows]


def _row(table: Table, row: Row) -> dict[str, Any]:
    return {
        "label": row.label,
        "baseline": row.baseline,
        "values": [score.content for score in row.scores],
        "bold": [score.bold for score in row.scores],
        "kind": row.kind,
        "left": list(table.left(row)),
        "deviations": [score.deviation for score in row.scores],
        "runs": [score.runs for score in row.scores],
        "asked": [score.asked for score in row.scores],
        "keys": [list(score.keys) for score in row.scores],
        "notes": [list(score.notes) for score in row.scores],
        "row_notes": list(row.notes),
    } | (
        {
            "p_values": [score.p_value for score in row.scores],
            "intervals": [score.interval for score in row.scores],
        }
        if any(score.p_value is not None for score in row.scores)
        else {}
    )
