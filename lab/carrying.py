"""What stages read from outside of the store, as files that another machine can be given."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.cache import cache_folder
from lab.corpora import needed
from lab.preparation import StageLike


def files_read(
    datasets: Iterable[str], corpora: Iterable[str], wanted: Iterable[StageLike]
) -> dict[str, Path]:
    """Return the files of the cache that hold these data and that the stages name by content.

    By their path inside the cache. `corpora` are those out of packages. What lies in the hub's own
    cache is not among them. Raises DataError for data that cannot be prepared.
    """
    folders = [data.prepare() for data in needed(sorted(datasets), sorted(corpora))]
    cache = cache_folder()
    found = [file for folder in folders for file in folder.iterdir()]
    # Notes, all of a few bytes, and links to local files: what a stage's key says of its data.
    found += [*cache.glob("served/*.json"), *cache.glob("vocabularies/[!.]*")]
    local = _hashes(wanted)
    found += [file for file in cache.glob("files/*") if file.name.partition(".")[0] in local]
    return {file.relative_to(cache).as_posix(): file.resolve() for file in found}


def _hashes(wanted: Iterable[StageLike]) -> set[str]:
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
