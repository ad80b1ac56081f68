"""Which row `baseline=` names: by its label, or by the values that set it apart."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Sequence

from sweeps.asking.sweepfile import FileRow

AUTO, NONE = "auto", "none"
"""The row of the defaults, added where a grid lacks it; and no row."""
_SHOWN = 10


def named_baseline(given: str, rows: Sequence[FileRow]) -> tuple[FileRow | None, list[str]]:
    """The row that a person calls so, and complaints where none is, or more than one."""
    if given in (AUTO, NONE):
        return None, []
    found = [row for row in rows if given in (row.label, row.name)]
    found = found or [row for row in rows if _has_all(row, given.split(","))]
    if len(found) == 1:
        return found[0], []
    typed = [_typed(row) for row in found or rows if row.overrides]
    more = f" and {len(typed) - _SHOWN} more" if len(typed) > _SHOWN else ""
    rest = f"{AUTO}, {NONE}, or a row: {', '.join(typed[:_SHOWN])}{more}."
    if found:
        return None, [f"baseline={given}: {len(found)} rows are called so. Accepted are {rest}"]
    words = {word for row in rows for word in (row.label, *map(_value, row.overrides))}
    close = difflib.get_close_matches(given, [*words, AUTO, NONE], n=1)
    near = f"Did you mean {close[0]!r}? " if close else ""
    return None, [f"baseline={given}: no row is called so. {near}Accepted are {rest}"]


def _has_all(row: FileRow, parts: Sequence[str]) -> bool:
    """Whether each part is an override of the row or the value of one."""
    known = {*row.overrides, *map(_value, row.overrides)}
    return bool(row.overrides) and {part.strip() for part in parts} <= known


def _value(override: str) -> str:
    return override.partition("=")[2]


def _typed(row: FileRow) -> str:
    """What to type for a row."""
    values = ",".join(map(_value, row.overrides))
    return f"baseline={values}" if "," not in values else shlex.quote(f'baseline="{values}"')
