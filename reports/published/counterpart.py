"""What a study published of a sweep's question: its table, its columns and its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reports.errors import ReportError
from reports.published.find import find_study, studies
from reports.published.study import PublishedStudy
from reports.table import Row, Table


def published_of(record: Mapping[str, Any], study: str | None) -> PublishedStudy:
    """The numbers of the study that was asked for, else of the sweep's own."""
    name = study or str(record.get("study") or "") or None
    try:
        return find_study(name)
    except ReportError:
        if study is not None:
            raise
        raise ReportError(
            f"Sweep {record['id']!r} is of study {name!r}, of which no published numbers are here. "
            f"Name whose to compare with by --study: {', '.join(studies())}."
        ) from None


def table_named(record: Mapping[str, Any], study: PublishedStudy) -> int | str:
    """The published table that a sweep's name says: by its number, or its own name.

    Raises ReportError.
    """
    file = record.get("sweep_file") or {}
    for name in (file.get("name"), record.get("id")):
        bare = str(name or "").rpartition("/")[2]
        if found := re.fullmatch(r"table0*(\d+)", bare):
            return study.find(found[1])
        if bare in study.names:
            return study.find(bare)
    raise ReportError(
        f"Sweep {record['id']!r} does not say which published table it repeats: give --table N."
    )


def with_columns(
    published: PublishedStudy, number: int | str, metrics: Sequence[tuple[int, str]]
) -> tuple[Table, list[tuple[int, str]]]:
    """The published table and the pairs of columns that it has.

    It is made of the full scores where its own columns do not have all metrics. Raises ReportError
    where it has none of them.
    """
    table = published.table(number)
    if not {metric for _, metric in metrics} <= {column.paper for column in table.columns}:
        table = published.table(number, every_metric=True)
    there = {column.paper for column in table.columns}
    found = [(j, metric) for j, metric in metrics if metric in there]
    if not found:
        known = ", ".join(column.paper for column in table.columns if column.paper)
        raise ReportError(
            f"Table {number} of {published.about.publication} has none of the columns "
            f"{', '.join(metric for _, metric in metrics)}. It has {known}. "
            "Name another with --table N."
        )
    return table, found


def paired_rows(ours: Table, theirs: Table, number: int | str) -> list[tuple[Row, Row | None]]:
    """Our rows with the published ones of the same name; our baseline may stand alone.

    Raises ReportError where only baselines are paired.
    """
    pairs = counterparts(ours.rows, theirs)
    if not any(found is not None and not row.baseline for row, found in pairs):
        known = ", ".join(repr(row.label) for row in theirs.rows if row.kind == "score")
        here = ", ".join(repr(row.label) for row in ours.rows)
        raise ReportError(
            f"No row of {ours.id!r} has the label of one of table {number}. Ours: {here}. "
            f"Table {number}: {known}. Name another with --table N, or label rows in a sweep file."
        )
    return pairs


def counterparts(rows: Iterable[Row], theirs: Table) -> list[tuple[Row, Row | None]]:
    """Rows with the published ones of the same name; a baseline may stand alone."""
    called: dict[str, list[Row]] = {}
    for row in theirs.rows:
        if row.kind == "score":
            beginnings = (" ".join(row.stub[:n]) for n in range(1, len(row.stub) + 1))
            for name in {_bare(row.label), _bare(row.name or ""), *map(_bare, beginnings)}:
                called.setdefault(name, []).append(row)
    names = {name: found[0] for name, found in called.items() if name and len(found) == 1}
    baseline = next((row for row in theirs.rows if row.baseline), None)
    pairs: list[tuple[Row, Row | None]] = []
    for row in rows:
        found = names.get(_bare(row.name or row.label)) or (baseline if row.baseline else None)
        if found is not None or row.baseline:
            pairs.append((row, found))
    return pairs


def _bare(text: str) -> str:
    """A label without case, spaces and punctuation but for plus signs: ++ names another model."""
    return re.sub(r"[^\w+]+|_+", "", text.casefold())
