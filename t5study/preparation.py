"""Which data a T5 study's stages read, and having it at hand before they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lab import given_files, preparation
from lab.preparation import StageLike
from lab.vocabulary import keep_vocabulary
from t5study.config import Schema, corpora_named
from t5study.given_model import given_model
from t5study.tasks.chosen import chosen, prepare_split
from t5study.units import tasks_of, units_of


def tasks_read(wanted: Iterable[StageLike]) -> set[tuple[str, str]]:
    """The (task, split) that these stages read."""
    splits: set[tuple[str, str]] = set()
    for stage in wanted:
        config = stage.config
        if stage.name == "evaluate":
            splits |= {(name, config["split"]) for name in config["tasks"]}
            splits |= {(name, "train") for name in config["train"]}
        elif stage.name in ("pretrain", "finetune"):
            trained = config if stage.name == "finetune" else config["mixture"] or {}
            splits |= {(name, "train") for name in trained.get("tasks", ())}
            splits |= {(name, "validation") for name in trained.get("validation", ())}
    return splits


def corpora_read(configs: Iterable[Schema], wanted: Iterable[StageLike]) -> list[str]:
    """The corpora of these cells, as they are named there, that the stages read as text."""
    names = {name for config in configs for name in corpora_named(config)}
    return preparation.corpora_read(names, wanted)


def prepare(
    configs: Sequence[Schema],
    wanted: Sequence[StageLike],
    say: Callable[[str], None],
) -> None:
    """Have at hand what the wanted stages of these cells read. Raises DataError, TaskError."""
    reads = tasks_read(wanted)
    splits: dict[tuple[str, ...], tuple[str, str, Schema]] = {}
    for config in configs:
        if (given := given_model(config)) is not None:
            given_files.keep(given.files)
        elif config.vocabulary.file:
            keep_vocabulary(config.vocabulary.file)
        for name, split in _splits_read(config) & reads:
            same = (name, split, str(config.tasks.get(name)), str(config.data_dir))
            splits[same] = (name, split, config)
    for name, split, config in splits.values():
        prepare_split(name, split, config)
    names = {name for name, _ in reads}
    preparation.prepare_named(names, corpora_read(configs, wanted), say)


def _splits_read(config: Schema) -> set[tuple[str, str]]:
    """Every (task, split) that a stage of the cell reads."""
    units = units_of(config)
    splits = {(name, "train") for unit in units for name in unit.train}
    for unit in units:
        for name in unit.evaluate:
            splits |= {(name, "validation"), (name, unit.split)}
    return splits | {
        (name, "train") for name in tasks_of(units) if "train" in chosen(name, config)[0].splits
    }
