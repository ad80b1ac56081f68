"""What can be chosen about a drawing, and what all drawings share."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from reports.table import FEW_RUNS, Column, Row, Score, Table, decimals, number

STYLE_KEYS = ("deviation", "siunitx", "few_notes")
TEXT_KEYS = ("caption", "label")
_ENDS = re.compile(r"(--!?)>")


@dataclass(frozen=True, kw_only=True)
class Style:
    """Choices that leave the scores alone."""

    deviation: bool = False
    """Show the standard deviation over runs beside each mean."""
    siunitx: bool = False
    """LaTeX: align numbers by the siunitx package instead of plain columns."""
    few_notes: bool = False
    """Only the notes without which a number could be misread, not how the table was made."""
    caption: str | None = None
    """In place of the table's own title."""
    label: str | None = None
    r"""LaTeX: what \ref calls the table by."""


def of_claims(style: Style) -> Style:
    """The style of the claims below a table, whose caption is its own."""
    label = style.label and f"{style.label}-claims"
    return replace(style, deviation=False, caption=None, label=label)


def score_text(row: Row, column: Column, score: Score) -> str:
    """A score's digits as they are shown everywhere."""
    if score.text is not None:
        return score.text
    return number(score.value, decimals(row, column), column.signed, column.scientific)


def deviation_text(row: Row, column: Column, score: Score, style: Style) -> str | None:
    """The digits of the deviation beside a mean, where the style shows it and it is known."""
    if not style.deviation or score.value is None or score.deviation is None:
        return None
    return number(score.deviation, decimals(row, column), scientific=column.scientific)


def plain_text(row: Row, column: Column, score: Score, style: Style) -> str:
    """A score and its deviation without markup."""
    spread = deviation_text(row, column, score, style)
    return score_text(row, column, score) + (f" ± {spread}" if spread else "")


def caption(table: Table, style: Style) -> str:
    """The caption that was asked for, else title and section."""
    if style.caption is not None:
        return style.caption
    if not table.section:
        return table.title
    where = f"section {table.section}" if table.section[0].isdecimal() else table.section
    return f"{table.title} ({where})"


def notes(table: Table, style: Style) -> tuple[str, ...]:
    """The footnotes to the whole table, as many as the style shows."""
    runs = [s.runs for row in table.rows for s in row.scores if s.deviation is not None]
    few = FEW_RUNS.get(min(runs, default=0)) if style.deviation else None
    # The deviation row of such a baseline has the note already.
    shown = (few,) if few and few not in table.marks else ()
    return (*table.notes, *shown, *(() if style.few_notes else table.details))


def described(table: Table, format: str, style: Style) -> Iterator[str]:
    """The lines of the comment that says what a drawing was made of."""
    for name, value in table.provenance.items():
        yield f"{name}: {' '.join(value.split())}"
    yield f"scores: {digest(table)}"
    for name in TEXT_KEYS:
        if (text := getattr(style, name)) is not None:
            yield f"{name}: {' '.join(text.split())}"
    chosen = [key for key in STYLE_KEYS if getattr(style, key)]
    yield f"drawn: {' '.join([format, *chosen])}"


def digest(table: Table) -> str:
    """A name for the table's labels, scores and bold; words around them do not change it."""
    content = [
        [column.name for column in table.columns],
        [
            [row.label, row.baseline, [[score.content, score.bold] for score in row.scores]]
            for row in table.every_row
        ],
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def in_comment(line: str) -> str:
    """A line that cannot end the HTML or Markdown comment it stands in."""
    return _ENDS.sub(r"\1&gt;", line)
