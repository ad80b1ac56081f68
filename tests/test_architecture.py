"""docs/architecture.md names every module of the house once, and none that is not there."""

from __future__ import annotations

import re
from collections import Counter

from architecture import PAGE, listing, modules, parts

REMEDY = "run `python tests/shared/architecture.py`, which writes the list anew"
LINE = re.compile(r"^- `([^`]+)`: (.+)$", re.MULTILINE)


def listed() -> list[tuple[str, str]]:
    _, inside, _ = parts(PAGE.read_text("utf-8"))
    return LINE.findall(inside)


def test_every_module_has_one_line() -> None:
    """A module that was added, moved or removed shows in the page."""
    counts = Counter(name for name, _ in listed())
    there = set(modules())
    assert len(there) > 100
    assert there - set(counts) == set(), REMEDY
    assert set(counts) - there == set(), REMEDY
    assert [name for name, count in counts.items() if count > 1] == [], REMEDY


def test_every_line_says_something() -> None:
    """A module without a docstring would get an empty one."""
    assert [name for name, text in listed() if len(text.split()) < 3] == []
    assert [line for line in listing() if line.endswith(": .\n")] == []
