"""ALBERT: factorized tables, shared layers, sentences in order (Lan et al. 2020)."""

from __future__ import annotations

from typing import Any

from lab.encoder.suite.face import bring, huggingface, outside, prepare
from lab.errors import StudyError as Error
from studies.albert.config import Schema

__all__ = [
    "Error",
    "Schema",
    "bring",
    "cell",
    "complaints",
    "huggingface",
    "outside",
    "prepare",
]


def cell(config: Schema) -> dict[str, Any]:
    """The stages that score one resolved configuration, and its table's columns."""
    from studies.albert import cells

    return cells.cell(config)


def complaints(config: Schema) -> list[str]:
    """What is impossible about a configuration, in the command line's words."""
    from studies.albert import impossible

    return impossible.complaints(config)
