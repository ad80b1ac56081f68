"""What a test found, as rows below a table that is drawn for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reports.table import HOLE, Column, Row, Score, Table, number


def with_differences(table: Table) -> Table:
    """The table with two rows below it for each tested one: its interval and its p-value."""
    return replace(table, references=(*table.references, *_differences(table)))


def _differences(table: Table) -> Iterator[Row]:
    for row in table.rows:
        if any(score.p_value is not None for score in row.scores):
            pairs = list(zip(table.columns, row.scores, strict=True))
            for label, shown in (
                (f"{row.label}: difference", [_interval(*pair) for pair in pairs]),
                (f"{row.label}: p", [_p_value(score) for _, score in pairs]),
            ):
                scores = tuple(Score(value=None, text=text) for text in shown)
                yield Row(label=label, kind="reference", scores=scores)


def _interval(column: Column, score: Score) -> str:
    if score.interval is None:
        return HOLE
    low, high = (number(end, column.decimals, True, column.scientific) for end in score.interval)
    return f"{low} to {high}"


def _p_value(score: Score) -> str:
    if score.p_value is None:
        return HOLE
    return "< 0.001" if score.p_value < 0.001 else f"{score.p_value:.3f}"
