"""Which data a T5 study's stages read, and having it at hand before they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lab import preparation
from lab.preparation import StageLike
from lab.vocabulary import keep_vocabulary
from t5study.stages import Stages
from t5study.tasks.chosen import prepare_split


def tasks_read(wanted: Iterable[StageLike]) -> set[tuple[str, str]]:
    """The (task, split) that these stages read."""
    found: set[tuple[str, str]] = set()
    for stage in wanted:
        config = stage.config
        if stage.name == "evaluate":
            found |= {(name, config["split"]) for name in config["tasks"]}
            found |= {(name, "train") for name in config["train"]}
        elif stage.name in ("pretrain", "finetune"):
            trained = config if stage.name == "finetune" else config["mixture"] or {}
            found |= {(name, "train") for name in trained.get("tasks", ())}
            found |= {(name, "validation") for name in trained.get("validation", ())}
    return found


def corpora_read(configs: Iterable[Mapping[str, Any]], wanted: Iterable[StageLike]) -> list[str]:
    """The corpora of these cells, as they are named there, that the stages read as text."""
    names = {config["dataset"]["corpus"] for config in configs}
    names |= {c["vocabulary"]["corpus"] for c in configs if not c["vocabulary"]["file"]}
    return preparation.corpora_read(names, wanted)


def prepare(
    configs: Sequence[Mapping[str, Any]],
    wanted: Sequence[StageLike],
    say: Callable[[str], None],
) -> None:
    """Have at hand what the wanted stages of these cells read. Raises DataError, TaskError."""
    reads = tasks_read(wanted)
    splits: dict[tuple[str, ...], tuple[str, str, Mapping[str, Any]]] = {}
    for config in configs:
        if config["vocabulary"]["file"]:
            keep_vocabulary(config["vocabulary"]["file"])
        for name, split in Stages(config).reads() & reads:
            same = (name, split, str(config["tasks"].get(name)), str(config["data_dir"]))
            splits[same] = (name, split, config)
    for name, split, config in splits.values():
        prepare_split(name, split, config)
    names = {name for name, _ in reads}
    preparation.prepare_named(names, corpora_read(configs, wanted), say)
