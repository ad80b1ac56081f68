"""A table's words without the folders of the machine that drew it; its provenance keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from reports.table import Row, Score, Table

_FOLDERS = re.compile(r"(?<![\w.:/~\-])/(?:[^\s/,;:'\"()\[\]{}=|]+/)+(?=[^\s/,;:'\"()\[\]{}=|])")


def without_folders(table: Table) -> Table:
    """The table with `/home/me/texts/a.txt` as `a.txt` in labels and notes."""
    return replace(
        table,
        title=_short(table.title),
        preface=_each(table.preface),
        notes=_each(table.notes),
        details=_each(table.details),
        rows=tuple(map(_row, table.rows)),
        references=tuple(map(_row, table.references)),
        claims=without_folders(table.claims) if table.claims else None,
    )


def _row(row: Row) -> Row:
    return replace(
        row,
        label=_short(row.label),
        stub=_each(row.stub),
        notes=_each(row.notes),
        scores=tuple(map(_score, row.scores)),
    )


def _score(score: Score) -> Score:
    return replace(score, notes=_each(score.notes)) if score.notes else score


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(_short, texts))


def _short(text: str) -> str:
    return _FOLDERS.sub("", text) if "/" in text else text
