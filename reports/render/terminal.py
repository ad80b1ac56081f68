"""A table on the terminal: bold as bold, and in blocks where it is wider than the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.render.differences import with_differences
from reports.render.style import Style, caption, notes, of_claims, plain_text
from reports.table import STAR, Row, Table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

GAP = 3
"""Characters that the frame puts beside each column."""
EDGES = 2
"""Characters that the frame puts around all of them."""


def print_terminal(
    table: Table, style: Style | None = None, console: Console | None = None
) -> None:
    """Draw a table on the terminal; columns that do not fit follow in a block of their own."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console(highlight=False)
    style = style or Style()
    table = with_differences(table)
    marks = table.marks
    lefts = [_left(table, row, marks) for row in table.every_row]
    scores = [_scores(table, row, marks, style) for row in table.every_row]
    console.print(Text(caption(table, style), style="bold"))
    for remark in table.preface:
        console.print(Text(remark))
    for block in _blocks(table, lefts, scores, console.width):
        console.print(_drawing(table, lefts, scores, block, console.width))
    for note, mark in marks.items():
        console.print(Text(f"{mark} {note}", style="dim"))
    for note in notes(table, style):
        console.print(Text(note, style="dim"))
    if table.claims:
        console.print()
        print_terminal(table.claims, of_claims(style), console)


def _drawing(
    table: Table, lefts: list[list[Text]], scores: list[list[Text]], block: range, width: int
) -> object:
    from rich import box
    from rich.table import Table as Drawing
    from rich.text import Text

    drawing = Drawing(box=box.SIMPLE_HEAD)
    for heading in table.headings:
        drawing.add_column(Text(heading), overflow="fold", max_width=_widest_left(table, width))
    for j in block:
        drawing.add_column(Text(table.columns[j].name), justify="right", no_wrap=True)
    for row, left, cells in zip(table.every_row, lefts, scores, strict=True):
        if table.references and row is table.references[0]:
            drawing.add_section()
        drawing.add_row(*left, *(cells[j] for j in block))
    return drawing


def _blocks(
    table: Table, lefts: list[list[Text]], scores: list[list[Text]], width: int
) -> list[range]:
    """The columns of each block, as many as fit beside the labels, and one at least."""
    from rich.cells import cell_len

    widest = _widest_left(table, width)
    left = EDGES + sum(
        min(widest, max([cell_len(heading), *(row[i].cell_len for row in lefts)])) + GAP
        for i, heading in enumerate(table.headings)
    )
    blocks, start, used = [], 0, left
    for j, column in enumerate(table.columns):
        needed = max([cell_len(column.name), *(cells[j].cell_len for cells in scores)]) + GAP
        if j > start and used + needed > width:
            blocks.append(range(start, j))
            start, used = j, left
        used += needed
    return [*blocks, range(start, len(table.columns))]


def _widest_left(table: Table, width: int) -> int:
    """Labels share at most half of the screen; longer ones are folded."""
    return max(8, width // 2 // len(table.headings))


def _left(table: Table, row: Row, marks: dict[str, str]) -> list[Text]:
    from rich.text import Text

    look = _look(row)
    cells = [Text(part, style=look) for part in table.left(row)]
    label = Text(f"{STAR} " if row.baseline else "", style=look)
    label.append_text(cells[table.label_at]).append(_marked(row.notes, marks), style="dim")
    cells[table.label_at] = label
    return cells


def _scores(table: Table, row: Row, marks: dict[str, str], style: Style) -> list[Text]:
    from rich.text import Text

    cells = []
    for column, score in zip(table.columns, row.scores, strict=True):
        text = plain_text(row, column, score, style)
        cells.append(Text(text, style="bold green" if score.bold else _look(row)))
        cells[-1].append(_marked(score.notes, marks), style="not bold dim")
    return cells


def _look(row: Row) -> str:
    return "" if row.kind == "score" else "dim italic"


def _marked(notes: tuple[str, ...], marks: dict[str, str]) -> str:
    return f" {','.join(marks[note] for note in notes)}" if notes else ""
