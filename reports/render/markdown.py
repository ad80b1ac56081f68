"""Markdown, readable as plain text too."""

from __future__ import annotations

import re
import unicodedata

from reports.render.style import (
    Style,
    caption,
    described,
    in_comment,
    notes,
    of_claims,
    plain_text,
)
from reports.table import STAR, Column, Row, Score, Table

_SPECIAL = re.compile(r"[\\`*\[\]|~$<]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")


def render_markdown(table: Table, style: Style) -> str:
    """A pipe table, its footnotes, and its provenance in a comment."""
    text = _body(table, style)
    if table.claims:
        text += ["", *_body(table.claims, of_claims(style))]
    comment = [in_comment(line) for line in described(table, "markdown", style)]
    return "\n".join([*text, "", "<!--", *comment, "-->", ""])


def _body(table: Table, style: Style) -> list[str]:
    """The caption, the rows and the footnotes, line by line."""
    marks = table.marks
    lines = [
        [
            *(escape(heading) for heading in table.headings),
            *(escape(column.name) for column in table.columns),
        ]
    ]
    for row in table.every_row:
        scores = [
            _score(row, column, score, marks, style)
            for column, score in zip(table.columns, row.scores, strict=True)
        ]
        lines.append([*_left(table, row, marks), *scores])
    widths = [max(3, *map(_width, column)) for column in zip(*lines, strict=True)]
    stubs = len(table.headings)
    rule = [
        ":" + "-" * (width - 1) if i < stubs else "-" * (width - 1) + ":"
        for i, width in enumerate(widths)
    ]
    drawn = [lines[0], rule, *lines[1:]]
    text = [f"**{escape(caption(table, style))}**", ""]
    for remark in table.preface:
        text += [escape(remark), ""]
    text += [_line(cells, widths, stubs) for cells in drawn]
    for note, mark in marks.items():
        text += ["", f"<sup>{mark}</sup> {escape(note)}"]
    for note in notes(table, style):
        text += ["", escape(note)]
    return text


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))


def _left(table: Table, row: Row, marks: dict[str, str]) -> list[str]:
    left = [escape(part) for part in table.left(row)]
    label = left[table.label_at]
    if row in table.references:
        label = f"*{label}*"
    if row.baseline:
        label = f"{STAR} {label}"
    left[table.label_at] = label + _marks(row.notes, marks)
    return left


def _score(row: Row, column: Column, score: Score, marks: dict[str, str], style: Style) -> str:
    text = escape(plain_text(row, column, score, style))
    return (f"**{text}**" if score.bold else text) + _marks(score.notes, marks)


def _marks(notes: tuple[str, ...], marks: dict[str, str]) -> str:
    return f"<sup>{','.join(marks[note] for note in notes)}</sup>" if notes else ""


def _line(cells: list[str], widths: list[int], stubs: int) -> str:
    padded = [
        cell + " " * (w - _width(cell)) if i < stubs else " " * (w - _width(cell)) + cell
        for i, (cell, w) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def _width(text: str) -> int:
    """Columns on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
