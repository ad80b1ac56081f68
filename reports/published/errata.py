"""Where a published table disagrees with its own full scores or its own rule, as footnotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reports.errors import ReportError
from reports.published.about import Erratum
from reports.significance import bold_mask
from reports.table import Column, Row


def with_errata(
    rows: Sequence[Row],
    records: Sequence[Mapping[str, str]],
    metrics: Sequence[str],
    columns: Sequence[Column],
    errata: Sequence[Erratum],
    paper: str,
    ruler: Sequence[float | None],
) -> tuple[Row, ...]:
    """The rows with a footnote wherever the print has another number, another bold, or a doubt.

    `records` are the rows' lines of the file, `metrics` the file's columns that are shown, `paper`
    what the publication is called. The rows keep the file's numbers, and the bold that these have
    by the rule. Raises ReportError for an erratum of a row or a column that is not there.
    """
    found = list(rows)
    for erratum in errata:
        if erratum.row is None:
            continue
        i = _row_of(erratum, found, records)
        if erratum.note:
            if erratum.column is None:
                found[i] = replace(found[i], notes=(*found[i].notes, _line(erratum.note)))
            else:
                j = _column_of(erratum.column, metrics, columns)
                found[i] = _noted(found[i], j, _line(erratum.note))
        elif erratum.bold:
            j = _column_of(erratum.column or "", metrics, columns)
            rule = _in(found[i].scores[j].bold)
            note = f"{_first_upper(paper)} prints this score {_in(erratum.bold == 'bold')}; by its "
            note += f"rule, on the digits it prints, it is {rule}."
            found[i] = _noted(found[i], j, note)
        else:
            found = _numbers(found, i, metrics, columns, erratum, paper, ruler)
    return tuple(found)


def _numbers(
    rows: list[Row],
    i: int,
    metrics: Sequence[str],
    columns: Sequence[Column],
    erratum: Erratum,
    paper: str,
    ruler: Sequence[float | None],
) -> list[Row]:
    """The rows with what the print has instead of numbers of row `i`, and what that makes bold."""
    why = f" ({erratum.why})" if erratum.why else ""
    name = _first_upper(paper)
    if len(erratum.printed) > 1:
        numbers = ", ".join(f"{value:.2f}" for value in erratum.printed.values())
        note = f"{name} prints {numbers} in this row{why}; these are its full table's scores."
        rows[i] = replace(rows[i], notes=(*rows[i].notes, note))
    for column, value in erratum.printed.items():
        j = _column_of(column, metrics, columns)
        if len(erratum.printed) == 1:
            note = f"{name} prints {value:.2f} here{why}; this is its full table's score."
            rows[i] = _noted(rows[i], j, note)
        there = [value if k == i else row.scores[j].value for k, row in enumerate(rows)]
        mask = bold_mask(there, ruler[j], lower_is_better=columns[j].lower_is_better)
        for k, bold in enumerate(mask):
            if bold != rows[k].scores[j].bold:
                note = f"{_in(bold).capitalize()} in {paper}, beside the {value:.2f} it prints "
                note += f"for {rows[i].label}."
                rows[k] = _noted(rows[k], j, note)
    return rows


def _row_of(erratum: Erratum, rows: Sequence[Row], records: Sequence[Mapping[str, str]]) -> int:
    wanted = erratum.row
    if isinstance(wanted, Mapping):
        found = [
            i
            for i, record in enumerate(records)
            if all(record.get(name) == str(text) for name, text in wanted.items())
        ]
    else:
        found = [i for i, row in enumerate(rows) if row.label == str(wanted)]
    if len(found) != 1:
        raise ReportError(f"An erratum of table {erratum.table} is of {len(found)} rows: {wanted}.")
    return found[0]


def _column_of(name: str, metrics: Sequence[str], columns: Sequence[Column]) -> int:
    shown = [column.name for column in columns]
    if name in metrics:
        return list(metrics).index(name)
    if name in shown:
        return shown.index(name)
    raise ReportError(f"An erratum is of the column {name!r}. Known: {', '.join(metrics)}.")


def _noted(row: Row, j: int, note: str) -> Row:
    scores = list(row.scores)
    scores[j] = replace(scores[j], notes=(*scores[j].notes, note))
    return replace(row, scores=tuple(scores))


def _line(text: str) -> str:
    return " ".join(text.split())


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _in(bold: bool) -> str:
    return "bold" if bold else "plain"
