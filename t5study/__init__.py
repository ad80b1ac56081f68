"""The systematic study of T5: a cell of configuration becomes stages of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import StudyError as Error
from t5study.config import Schema

if TYPE_CHECKING:
    from t5study.preparation import StageLike

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
    """The stages that score one resolved configuration, and its table's columns.

    Raises StudyError with a line for each thing that is impossible about its stages.
    """
    from t5study import cells
    from t5study.given_tasks import with_given_tasks

    return cells.cell(with_given_tasks(config))


def complaints(config: Schema) -> list[str]:
    """What is impossible about a configuration's values, in the command line's words.

    What is impossible about the stages that it makes, `cell` says as it builds them.
    """
    from t5study import impossible
    from t5study.given_tasks import with_given_tasks

    try:
        return impossible.complaints(with_given_tasks(config))
    except Error as error:
        # What is wrong beside the tasks is said as well.
        return [*impossible.complaints(config), *str(error).splitlines()]


def prepare(
    configs: Sequence[Schema],
    wanted: Sequence[StageLike],
    say: Callable[[str], None],
) -> None:
    """Fetch what these cells' wanted stages read, before anything trains. Raises DataError."""
    from t5study import preparation
    from t5study.given_tasks import with_given_tasks

    preparation.prepare([*map(with_given_tasks, configs)], wanted, say)


def outside(configs: Sequence[Schema], wanted: Sequence[StageLike]) -> dict[str, Path]:
    """The files that these cells' wanted stages read, by name. Raises DataError."""
    from t5study import carrying
    from t5study.given_tasks import with_given_tasks

    return carrying.outside([*map(with_given_tasks, configs)], wanted)


def bring(folder: Path) -> None:
    """Take in files that `outside` named on another machine."""
    from t5study import carrying

    carrying.bring(folder)


def huggingface(
    name: str, config: Mapping[str, Any], folder: Path, inputs: Mapping[str, Path], out: Path
) -> list[str]:
    """Write the model of a finished stage, and its tokenizer, as Hugging Face's T5.

    Raises ModelError for a stage without a model, and for one that T5 has no place for.
    """
    from t5study import exporting

    return exporting.huggingface(name, folder, inputs, out)
