"""Fetching what cells read: the embedded data, and whatever else lies outside the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from t5study.corpora import available, embedded_names, get_corpus, prepare_all
from t5study.stages import Stages
from t5study.tasks.chosen import keep_files
from t5study.vocabulary import keep_vocabulary


def prepare(configs: Sequence[Mapping[str, Any]], say: Callable[[str], None]) -> None:
    """Have the data of these cells' tasks and corpora at hand. Raises DataError, TaskError."""
    corpora = {c["dataset"]["corpus"] for c in configs}
    corpora |= {c["vocabulary"]["corpus"] for c in configs if not c["vocabulary"]["file"]}
    read: dict[tuple[str, ...], tuple[str, str, Mapping[str, Any]]] = {}
    for config in configs:
        if config["vocabulary"]["file"]:
            keep_vocabulary(config["vocabulary"]["file"])
        for name, split in Stages(config).reads():
            told = (name, split, str(config["tasks"].get(name)), str(config["data_dir"]))
            read[told] = (name, split, config)
    for name, split, config in read.values():
        keep_files(name, split, config)
    embedded = sorted(embedded_names(corpora))
    tasks = sorted({name for name, _, _ in read.values()})
    if not available(tasks, embedded):
        say("Fetching the data once (about 200 MB); later runs read it from the cache.")
    announced: set[str] = set()

    def progress(what: str, done: int, total: int) -> None:
        if done and what not in announced:
            announced.add(what)
            say(f"  {what}")

    prepare_all(tasks, embedded, progress)
    for corpus in map(get_corpus, corpora):
        corpus.prepare()
