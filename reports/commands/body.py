"""The rows of a drawn table as they stand in its file, without footnote marks and other words."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable

Body = list[str]
_MARKS = re.compile(r"<sup>[a-z,]*</sup>|\\textsuperscript\{[a-z,]*\}")
_SPACE = re.compile(r"\s+")
_RULE = re.compile(r"-{2,}")


def body(text: str, format: str) -> Body | None:
    """The rows of a file in one of the formats, heading first; None where it is a broken one."""
    try:
        return [_SPACE.sub(" ", row).strip() for row in BODIES[format](text)]
    except (ValueError, LookupError, TypeError):
        return None


def markdown_lines(text: str) -> list[tuple[int, Body]]:
    """The lines of each table of a page, without spare space, with the number of its first."""
    found: list[tuple[int, Body]] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("|"):
            if not inside:
                found.append((number, []))
            found[-1][1].append(_SPACE.sub(" ", _MARKS.sub("", line)).strip())
        inside = line.startswith("|")
    for _, lines in found:
        lines[1:2] = [_RULE.sub("--", line) for line in lines[1:2]]
    return found


def markdown_tables(text: str) -> list[tuple[int, Body]]:
    """Each table of a page, heading first, with the line on which it begins, from 1."""
    # The second line only says how wide the columns are.
    return [(number, [*rows[:1], *rows[2:]]) for number, rows in markdown_lines(text)]


def _markdown(text: str) -> Body:
    return [row for _, rows in markdown_tables(text) for row in rows]


def _latex(text: str) -> Body:
    inside = text.split(r"\toprule", 1)[1].rsplit(r"\bottomrule", 1)[0]
    # siunitx has a mark in braces of its own.
    return [_MARKS.sub("", line).replace("{}", "") for line in inside.splitlines()]


def _html(text: str) -> Body:
    tables = re.findall(r'<table class="scores">(.*?)</table>', text, flags=re.DOTALL)
    if not tables:
        raise ValueError("no table")
    inside = re.sub(r"<caption>.*?</caption>", "", "\n".join(tables), flags=re.DOTALL)
    return re.sub(r' title="[^"]*"', "", _MARKS.sub("", inside)).splitlines()


def _csv(text: str) -> Body:
    lines = text.splitlines(keepends=True)
    # Comments stand above the rows alone: further down a quoted label may hold such a line.
    first = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    rows = list(csv.reader(lines[first:]))
    shown = [j for j, name in enumerate(rows[0]) if not name.endswith(" note")]
    return [json.dumps([row[j] for j in shown]) for row in rows]


def _json(text: str) -> Body:
    drawn = json.loads(text)
    rows = [*drawn["rows"], *drawn["references"]]
    shown = ("label", "baseline", "values", "bold", "deviations", "runs", "asked")
    return [json.dumps(drawn["columns"]), *(json.dumps([row[k] for k in shown]) for row in rows)]


BODIES: dict[str, Callable[[str], Body]] = {
    "markdown": _markdown,
    "latex": _latex,
    "html": _html,
    "csv": _csv,
    "json": _json,
}
