"""Every renderer draws what was once looked at and found right.

After an intended change: RENEW_GOLDEN=1 pytest tests/reports/test_golden.py, then look at the
difference that git shows.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from reports.published import find_study
from reports.reading.collect import collect
from reports.render import FORMATS, Style, render

GOLDEN = Path(__file__).parent / "golden"
PUBLISHED = find_study()


def check(name: str, drawn: str) -> None:
    path = GOLDEN / name
    if os.environ.get("RENEW_GOLDEN"):
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("format", FORMATS)
def test_our_table(full, format: str) -> None:
    """Baseline, ruler, a hole, a row short of a run, a hard label, reference rows."""
    table = collect(full.record(), "toy")
    drawn = render(table, format, Style(deviation=True))
    check(f"toy{FORMATS[format].suffix}", drawn.replace(str(full.path), "STORE"))


def test_our_table_with_siunitx(full) -> None:
    """The same numbers, aligned by a package."""
    drawn = render(collect(full.record(), "toy"), "latex", Style(deviation=True, siunitx=True))
    check("toy-siunitx.tex", drawn.replace(str(full.path), "STORE"))


@pytest.mark.parametrize("number", PUBLISHED.numbers)
def test_published_table(number: int) -> None:
    """The paper's tables, compared with the paper's text when this file was kept."""
    drawn = render(PUBLISHED.table(number), "markdown")
    check(f"published-table{number:02}.md", re.sub(r"(?<=tables.yaml=)\w+", "DIGEST", drawn))
