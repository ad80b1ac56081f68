"""STAR: which part of reading a situation costs how much, on generated situations."""

from __future__ import annotations

from typing import Any

from lab.errors import StudyError as Error
from studies.star.config import Schema

__all__ = ["Error", "Schema", "cell", "complaints"]


def cell(config: Schema) -> dict[str, Any]:
    """The stages that score one resolved configuration, and its table's columns."""
    from studies.star import cells

    return cells.cell(config)


def complaints(config: Schema) -> list[str]:
    """What is impossible about a configuration's values, in the command line's words."""
    from studies.star import cells

    return cells.complaints(config)
