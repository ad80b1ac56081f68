"""What stages read from outside of the store, as files that another machine can be given."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.corpora import needed, packaged_names
from lab.corpora.archives import cache_folder
from t5study.preparation import StageLike, corpora_read, prepare, tasks_read


def outside(configs: Sequence[Mapping[str, Any]], wanted: Sequence[StageLike]) -> dict[str, Path]:
    """The files of the cache that the wanted stages read, by their path inside it.

    Data that was not written yet is written first. What lies in the hub's own cache is not among
    them. Raises DataError and TaskError as `preparation.prepare` does.
    """
    prepare(configs, wanted, lambda line: None)
    tasks = {name for name, _ in tasks_read(wanted)}
    corpora = packaged_names(corpora_read(configs, wanted))
    folders = [data.prepare() for data in needed(sorted(tasks), sorted(corpora))]
    cache = cache_folder()
    found = [file for folder in folders for file in folder.iterdir()]
    # Notes, all of a few bytes, and links to local files: what a stage's key says of its data.
    found += [*cache.glob("served/*.json"), *cache.glob("vocabularies/*.model")]
    local = _local(wanted)
    found += [file for file in cache.glob("files/*") if file.name.partition(".")[0] in local]
    return {file.relative_to(cache).as_posix(): file.resolve() for file in found}


def _local(wanted: Iterable[StageLike]) -> set[str]:
    """The sha256 of every local file that the stages' configurations name."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, Mapping):
            hashes = value.get("sha256")
            found.update(hashes if isinstance(hashes, list) else ())
            for part in value.values():
                look(part)

    for stage in wanted:
        look(stage.config)
    return found


def bring(folder: Path) -> None:
    """Move the files of `folder` to where they lie in this machine's cache; what is there stays.

    Written data appears folder by folder, by a rename, as where it was written.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    for found in sorted(folder.glob("*/*")):
        place = cache / found.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            continue
        # The cache may be on another disk: renamed only once it is whole there.
        part = place.with_name(f"{place.name}.part-{os.getpid()}")
        shutil.move(found, part)
        os.rename(part, place)
