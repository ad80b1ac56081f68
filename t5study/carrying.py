"""The files outside of the store that a T5 study's stages read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lab.carrying import bring, files_read
from lab.corpora import packaged_names
from t5study.config import Schema
from t5study.preparation import StageLike, corpora_read, prepare, tasks_read

__all__ = ["bring", "outside"]


def outside(configs: Sequence[Schema], wanted: Sequence[StageLike]) -> dict[str, Path]:
    """The files of the cache that the wanted stages read, by their path inside it.

    Data that was not written yet is written first. Raises DataError and TaskError as
    `preparation.prepare` does.
    """
    prepare(configs, wanted, lambda line: None)
    tasks = {name for name, _ in tasks_read(wanted)}
    return files_read(tasks, packaged_names(corpora_read(configs, wanted)), wanted)
