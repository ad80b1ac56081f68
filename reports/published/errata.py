"""Where a published table disagrees with its own full scores or its own rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reports.significance import bold_mask
from reports.table import Row


def with_errata(
    rows: Sequence[Row],
    columns: Sequence[str],
    errata: Sequence[Mapping[str, Any]],
    ruler: Sequence[float | None],
) -> tuple[Row, ...]:
    """The rows with a footnote wherever the paper prints another number or another bold.

    The rows keep the full table's numbers, and the bold that these have by the rule.
    """
    found = list(rows)
    for erratum in errata:
        at = next(i for i, row in enumerate(found) if row.label == erratum["row"])
        if "bold" in erratum:
            j = list(columns).index(erratum["column"])
            said = f"The paper prints this score {_in(erratum['bold'] == 'bold')}; by its rule, on "
            said += f"the digits it prints, it is {_in(found[at].scores[j].bold)}."
            found[at] = _noted(found[at], j, said)
        else:
            found = _numbers(found, at, columns, erratum, ruler)
    return tuple(found)


def _numbers(
    rows: list[Row],
    at: int,
    columns: Sequence[str],
    erratum: Mapping[str, Any],
    ruler: Sequence[float | None],
) -> list[Row]:
    printed: Mapping[str, float] = erratum["printed"]
    why = f" ({erratum['why']})" if "why" in erratum else ""
    if len(printed) > 1:
        numbers = ", ".join(f"{value:.2f}" for value in printed.values())
        said = f"The paper prints {numbers} in this row{why}; these are its full table's scores."
        rows[at] = replace(rows[at], notes=(*rows[at].notes, said))
    for name, value in printed.items():
        j = list(columns).index(name)
        if len(printed) == 1:
            said = f"The paper prints {value:.2f} here{why}; this is its full table's score."
            rows[at] = _noted(rows[at], j, said)
        there = [value if i == at else row.scores[j].value for i, row in enumerate(rows)]
        for i, bold in enumerate(bold_mask(there, ruler[j])):
            if bold != rows[i].scores[j].bold:
                said = f"{_in(bold).capitalize()} in the paper, beside the {value:.2f} it prints "
                said += f"for {rows[at].label}."
                rows[i] = _noted(rows[i], j, said)
    return rows


def _noted(row: Row, j: int, said: str) -> Row:
    scores = list(row.scores)
    scores[j] = replace(scores[j], notes=(*scores[j].notes, said))
    return replace(row, scores=tuple(scores))


def _in(bold: bool) -> str:
    return "bold" if bold else "plain"
