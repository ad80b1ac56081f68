"""On a terminal bold is bold, and no column vanishes for want of room."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from reports.published import find_study
from reports.reading.collect import collect
from reports.render.terminal import print_terminal
from reports.table import Table


def drawn(table: Table, width: int) -> str:
    screen = Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False)
    print_terminal(table, console=screen)
    return screen.file.getvalue()  # type: ignore[attr-defined]


def test_bold_is_bold(full: Any) -> None:
    """The best score carries the terminal's bold, another one does not."""
    text = drawn(collect(full.record(), "toy"), 120)
    assert re.search(r"\x1b\[1;32m *72\.50", text)
    assert "69.50" in text
    assert not re.search(r"\x1b\[1;32m *69\.50", text)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_score_is_there_at_every_width(width: int) -> None:
    """34 columns come in blocks; each score of the table is printed whole, lines fit the screen."""
    table = find_study(None).table(14)
    text = drawn(table, width)
    plain = [line for line in text.splitlines() if "T5-11B" in line]
    shown = " ".join(plain)
    for column, score in zip(table.columns, table.rows[-1].scores, strict=True):
        assert f"{score.value:.{column.decimals}f}" in shown, column.name
    assert len(plain) > 1


def test_a_table_that_fits_is_one_block(full: Any) -> None:
    """No label is repeated where there is room."""
    text, _, _ = drawn(collect(full.record(), "toy"), 120).partition("is the baseline")
    assert text.count("two seeds") == 1
