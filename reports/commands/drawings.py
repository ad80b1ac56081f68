"""The tables in a text: a file that reports wrote is one, a page of Markdown may hold many.

What a table was made of stands in a comment: at its end, of CSV and LaTeX at its beginning.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_COMMENT = re.compile(r"^<!--\n(.*?)\n-->$", flags=re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"(?:% |# )?(\w+): ?(.*)")
_END = "drawn"
"""The last field of a description."""
_OURS = {"sweep", "scores", _END}


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A table as it was written down."""

    description: Mapping[str, str]
    """What it was made of, as it says; empty for a text that says nothing."""
    text: str
    """All from the drawing before it to the end of its comment."""
    first: int
    """The line of the page with which `text` begins, from 1."""
    whole: bool
    """Whether `text` is the drawing alone, as reports wrote it."""

    @property
    def last(self) -> int:
        """The line on which its comment ends."""
        return self.first + self.text.count("\n") - 1


def drawings(text: str) -> tuple[list[Drawing], Drawing]:
    """The tables of a text that say what they were made of, and what stands below the last one."""
    found: list[Drawing] = []
    start = 0
    for comment in _COMMENT.finditer(text):
        description = _fields(comment[1])
        if not _OURS & description.keys():
            continue
        end = comment.end() + 1
        found.append(_drawing(description, text, start, end))
        start = end
    return found, _drawing({}, text, start, len(text))


def read_provenance(text: str) -> dict[str, str]:
    """What a file that is one drawing says it was made of; empty where it says nothing."""
    try:
        drawn = json.loads(text)
    except ValueError:
        comments = _COMMENT.findall(text)
        return _fields(comments[-1] if comments else text, escaped=bool(comments))
    found = drawn.get("provenance") if isinstance(drawn, dict) else None
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _drawing(description: Mapping[str, str], text: str, start: int, end: int) -> Drawing:
    piece = text[start:end]
    return Drawing(
        description=description,
        text=piece,
        first=text.count("\n", 0, start) + 1,
        # A drawing of Markdown begins with its caption.
        whole=piece == text and text.startswith("**"),
    )


def _fields(text: str, escaped: bool = True) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in (html.unescape(text) if escaped else text).splitlines():
        field = _FIELD.fullmatch(line)
        if field is None:
            break
        found[field[1]] = field[2]
        if field[1] == _END:
            break
    return found
