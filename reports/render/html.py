"""HTML: a page that stands alone, and the table in it for other pages."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from importlib.resources import files

from reports.render.style import (
    Style,
    caption,
    described,
    deviation_text,
    in_comment,
    notes,
    of_claims,
    score_text,
)
from reports.table import STAR, Column, Row, Score, Table

LOWER = ' data-best="lowest"'
"""Of a column's heading where lower is better: a click sorts from the best down."""

Link = Callable[[Row, Column, Score], str | None]


def render_html(table: Table, style: Style) -> str:
    """A page of its own: no script, no other file."""
    sheet = (files("reports.render") / "table.css").read_text(encoding="utf-8")
    comment = "\n".join(in_comment(line) for line in described(table, "html", style))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(style.caption or table.title)}</title>\n"
        f'<meta name="viewport" content="width=device-width">\n<style>\n{sheet}</style>\n</head>\n'
        f"<body>\n{table_element(table, style)}</body>\n</html>\n<!--\n{comment}\n-->\n"
    )


def table_element(table: Table, style: Style, link: Link | None = None) -> str:
    """The table with its footnotes; `link` gives the page behind a score."""
    marks = table.marks
    headings = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in table.headings)
    headings += "".join(
        f'<th scope="col" class="number"{LOWER if column.lower_is_better else ""} '
        f'title="{escape(column.description)}">'
        f"{escape(column.name)}</th>"
        for column in table.columns
    )
    body = "".join(_row(row, table, marks, style, link) for row in table.rows)
    below = "".join(_row(row, table, marks, style, link) for row in table.references)
    noted = "".join(
        f"<li><sup>{mark}</sup> {escape(note)}</li>\n" for note, mark in marks.items()
    ) + "".join(f"<li>{escape(note)}</li>\n" for note in notes(table, style))
    above = "".join(f"<p>{escape(remark)}</p>\n" for remark in table.preface)
    return (
        f'{above}<div class="wide"><table class="scores">\n'
        f"<caption>{escape(caption(table, style))}</caption>\n"
        f"<thead><tr>{headings}</tr></thead>\n<tbody>\n{body}</tbody>\n"
        + (f'<tbody class="reference">\n{below}</tbody>\n' if below else "")
        + f'</table></div>\n<ul class="notes">\n{noted}</ul>\n'
        + (table_element(table.claims, of_claims(style)) if table.claims else "")
    )


def _row(row: Row, table: Table, marks: dict[str, str], style: Style, link: Link | None) -> str:
    star = f'<span class="star" title="baseline">{STAR}</span> ' if row.baseline else ""
    left = "".join(
        f'<th scope="row">{star}{escape(part)}{_marks(row.notes, marks)}</th>'
        if i == table.label_at
        else f"<td>{escape(part)}</td>"
        for i, part in enumerate(table.left(row))
    )
    scores = "".join(
        _score(row, column, score, marks, style, link(row, column, score) if link else None)
        for column, score in zip(table.columns, row.scores, strict=True)
    )
    name = ' class="baseline"' if row.baseline else ""
    return f"<tr{name}>{left}{scores}</tr>\n"


def _score(
    row: Row, column: Column, score: Score, marks: dict[str, str], style: Style, link: str | None
) -> str:
    text = escape(score_text(row, column, score))
    spread = deviation_text(row, column, score, style)
    if spread:
        text += f'<span class="deviation"> ± {spread}</span>'
    if score.bold:
        text = f"<b>{text}</b>"
    if link:
        text = f'<a href="{escape(link)}">{text}</a>'
    value = "" if score.value is None else f' data-value="{score.value!r}"'
    return f'<td class="number"{value}>{text}{_marks(score.notes, marks)}</td>'


def _marks(notes: tuple[str, ...], marks: dict[str, str]) -> str:
    return f"<sup>{','.join(marks[note] for note in notes)}</sup>" if notes else ""
