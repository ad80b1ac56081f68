"""What an engine asks alike of every study of encoders; nothing heavy before it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.encoder.suite.settings import SuiteSchema
    from lab.preparation import StageLike


def prepare(
    configs: Sequence[SuiteSchema], wanted: Sequence[StageLike], say: Callable[[str], None]
) -> None:
    """Fetch what these cells' wanted stages read, before anything trains. Raises StudyError."""
    from lab.encoder.suite import preparation

    preparation.prepare(configs, wanted, say)


def outside(configs: Sequence[SuiteSchema], wanted: Sequence[StageLike]) -> dict[str, Path]:
    """The files that these cells' wanted stages read, by name. Raises StudyError."""
    from lab.encoder.suite import preparation

    return preparation.outside(configs, wanted)


def huggingface(
    name: str, config: Mapping[str, Any], folder: Path, inputs: Mapping[str, Path], out: Path
) -> list[str]:
    """Write a finished stage's encoder as Hugging Face's library loads it. Raises ModelError."""
    from lab.encoder import exporting

    return exporting.huggingface(name, config, folder, inputs, out)


def bring(folder: Path) -> None:
    """Take in files that `outside` named on another machine."""
    from lab import carrying

    carrying.bring(folder)
