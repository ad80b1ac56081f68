"""The systematic study of T5: a cell of configuration becomes stages of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from t5study.config import Schema
from t5study.errors import StudyError as Error

__all__ = ["Error", "Schema", "cell", "complaints", "prepare"]


def cell(config: Mapping[str, Any]) -> dict[str, Any]:
    """The stages that score one resolved configuration, and its table's columns."""
    from t5study import cells

    return cells.cell(config)


def complaints(config: Mapping[str, Any]) -> list[str]:
    """What is impossible about a resolved configuration, in the command line's words."""
    from t5study import impossible

    return impossible.complaints(config)


def prepare(configs: Sequence[Mapping[str, Any]], say: Callable[[str], None]) -> None:
    """Fetch what these cells read, before anything trains. Raises DataError."""
    from t5study import preparation

    preparation.prepare(configs, say)
