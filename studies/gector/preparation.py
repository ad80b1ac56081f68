"""Having at hand what the stages read, before they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lab import carrying, preparation
from lab.cache import cache_folder
from lab.corpora import packaged_names
from lab.corpora.archives import ARCHIVES, fetch_all, place_of
from lab.datasets.correction.pairs import DATA
from lab.encoder.vocabulary import keep_vocabulary
from lab.preparation import StageLike
from studies.gector import given
from studies.gector.config import Schema
from studies.gector.data_stages import vocabulary_file
from studies.gector.sources import get_source, own

VERBS = "word_forms"
OF_PAIRS = ("pairs", "misspellings")
READ_VERBS = ("tagged", "search", "evaluate", "speed")


def archives_read(wanted: Iterable[StageLike]) -> list[str]:
    """The archives that these stages read as they are."""
    found: set[str] = set()
    for stage in wanted:
        if stage.name == "pairs":
            found.update(get_source(stage.config["source"]).ARCHIVES)
        elif stage.name == "misspellings":
            found.update(stage.config["lists"])
        elif stage.name in READ_VERBS and stage.config.get("kind") == "all":
            found.add(VERBS)
    return sorted(found)


def corpora_read(configs: Iterable[Schema], wanted: Sequence[StageLike]) -> list[str]:
    """The corpora that these stages read as text."""
    configs = list(configs)
    names = {config.vocabulary.corpus for config in configs}
    names |= {config.pretrain.corpus for config in configs}
    found = set(preparation.corpora_read(names, wanted))
    if any(stage.name == "pairs" and stage.config["source"] == "synthetic" for stage in wanted):
        found.update(name for config in configs for name in config.mixture)
    return sorted(found)


def prepare(
    configs: Sequence[Schema], wanted: Sequence[StageLike], say: Callable[[str], None]
) -> None:
    """Have at hand what the wanted stages of these cells read. Raises DataError, ModelError."""
    for config in configs:
        if config.encoder.folder:
            given.keep(config.encoder.folder)
        if file := vocabulary_file(config):
            keep_vocabulary(file)
        for settings in config.stages.settings.values():
            if settings.pairs == "own":
                own.keep(settings.files)
    fetch_all(ARCHIVES[name] for name in archives_read(wanted))
    if any(stage.name in OF_PAIRS for stage in wanted):
        DATA.prepare()
    preparation.prepare_named(set(), corpora_read(configs, wanted), say)


def outside(configs: Sequence[Schema], wanted: Sequence[StageLike]) -> dict[str, Path]:
    """The files of the cache that the wanted stages read, by their path inside it."""
    prepare(configs, wanted, lambda line: None)
    found = carrying.files_read((), packaged_names(corpora_read(configs, wanted)), wanted)
    own = [place_of(ARCHIVES[name]) for name in archives_read(wanted)]
    if any(stage.name in OF_PAIRS for stage in wanted):
        own += DATA.folder.iterdir()
    cache = cache_folder()
    return {**found, **{file.relative_to(cache).as_posix(): file for file in own}}
