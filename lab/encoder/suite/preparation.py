"""Which data the study's stages read, and having it at hand before they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lab import carrying, given_files, preparation
from lab.corpora import packaged_names
from lab.datasets.chosen import Chosen
from lab.encoder.given import given_encoder
from lab.encoder.suite.corpora import corpora_named
from lab.encoder.suite.settings import SuiteSchema
from lab.encoder.suite.units import units_of
from lab.encoder.vocabulary import keep_vocabulary
from lab.preparation import StageLike

DESCRIPTIONS = (("data", None), ("train", "train"), ("validation", "validation"))
"""Keys under which stages describe a data set, and of which split; None: as the stage says."""


def data_read(wanted: Iterable[StageLike]) -> set[tuple[str, str]]:
    """The (data set, split) that these stages read."""
    found: set[tuple[str, str]] = set()
    for stage in wanted:
        if stage.name not in ("finetune", "evaluate"):
            continue
        for key, split in DESCRIPTIONS:
            described: dict[str, Any] | None = stage.config.get(key)
            if described:
                found.add((described["name"], split or stage.config.get("split", "train")))
    return found


def corpora_read(configs: Iterable[SuiteSchema], wanted: Iterable[StageLike]) -> list[str]:
    """The corpora of these cells, as they are named there, that the stages read as text."""
    names = {name for config in configs for name in corpora_named(config)}
    return preparation.corpora_read(names, wanted)


def prepare(
    configs: Sequence[SuiteSchema], wanted: Sequence[StageLike], say: Callable[[str], None]
) -> None:
    """Have at hand what the wanted stages of these cells read. Raises DataError, TaskError."""
    for config in configs:
        given = given_encoder(config.pretrain, config.vocabulary)
        if given is not None:
            given_files.keep(given.files)
        elif config.vocabulary.file:
            keep_vocabulary(config.vocabulary.file)
    reads = data_read(wanted)
    once: dict[str, tuple[Chosen, str]] = {}
    for config in configs:
        for data, split in _splits(config):
            if (data.name, split) in reads:
                once[f"{data} {split}"] = data, split
    for data, split in once.values():
        data.prepare(split)
    names = {name for name, _ in reads}
    preparation.prepare_named(names, corpora_read(configs, wanted), say)


def outside(configs: Sequence[SuiteSchema], wanted: Sequence[StageLike]) -> dict[str, Path]:
    """The files of the cache that the wanted stages read, by their path inside it.

    Data that was not written yet is written first. Raises DataError and TaskError.
    """
    prepare(configs, wanted, lambda line: None)
    names = {name for name, _ in data_read(wanted)}
    return carrying.files_read(names, packaged_names(corpora_read(configs, wanted)), wanted)


def _splits(config: SuiteSchema) -> Iterator[tuple[Chosen, str]]:
    """Every data set and split that a stage of the cell may read."""
    for unit in units_of(config):
        yield unit.train, "train"
        for data in unit.evaluate:
            yield data, "validation"
            yield data, unit.split
