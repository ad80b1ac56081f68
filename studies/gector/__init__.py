"""GECToR: correcting grammar by tagging tokens with edits (Omelianchuk et al. 2020)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.encoder.suite.face import bring
from lab.errors import StudyError as Error
from studies.gector.config import Schema

if TYPE_CHECKING:
    from lab.preparation import StageLike

__all__ = ["Error", "Schema", "bring", "cell", "complaints", "outside", "prepare"]


def cell(config: Schema) -> dict[str, Any]:
    """The stages that score one resolved configuration, and its table's columns."""
    from studies.gector import cells

    return cells.cell(config)


def complaints(config: Schema) -> list[str]:
    """What is impossible about a configuration, in the command line's words."""
    from studies.gector import impossible

    return impossible.complaints(config)


def prepare(
    configs: Sequence[Schema], wanted: Sequence[StageLike], say: Callable[[str], None]
) -> None:
    """Fetch what these cells' wanted stages read, before anything trains. Raises StudyError."""
    from studies.gector import preparation

    preparation.prepare(configs, wanted, say)


def outside(configs: Sequence[Schema], wanted: Sequence[StageLike]) -> dict[str, Path]:
    """The files that these cells' wanted stages read, by name. Raises StudyError."""
    from studies.gector import preparation

    return preparation.outside(configs, wanted)
