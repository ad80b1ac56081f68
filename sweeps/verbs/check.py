"""Whether a store's finished stages are what was put there, and moving away what is not."""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sweeps.digests import check_stage, seal_holds
from sweeps.errors import DamagedSpecificationError, DamagedStageError
from sweeps.stage import RESERVED_NAMES
from sweeps.store import Store, store_errors
from sweeps.verbs.address import known_stages, recorded_sweep
from sweeps.verbs.garbage import DAMAGED

_CHECKPOINT = "last.ckpt"
_INDEX = Path("index") / "results.json"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a look at the files of a store's finished stages found."""

    whole: int
    """Stages whose files are what was put there."""
    undigested: int
    """Stages published before digests were kept, taken as they are."""
    complaints: tuple[str, ...]
    """What is damaged, and what to type."""


def check(store: Store, sweeps: Collection[str] = (), *, every: bool = False) -> Checked:
    """Read the files of finished stages and compare them with their digests.

    Of the named sweeps, or of the newest; with `every` all that lies in the store, specifications
    and checkpoints of unfinished stages and the index of results too.
    """
    whole = undigested = 0
    complaints: list[str] = []
    for folder in _places(store) if every else _recorded(store, sweeps):
        try:
            if check_stage(folder):
                whole += 1
            else:
                undigested += 1
        except DamagedStageError as error:
            complaints.append(str(error))
    if every:
        complaints += _others(store)
    return Checked(whole=whole, undigested=undigested, complaints=tuple(complaints))


def move_away(store: Store, key: str) -> Path | None:
    """Free the place of a stage that is damaged; where it lies then, None where nothing is wrong.

    The stage counts as not finished from then on. `gc` removes what was moved away.
    """
    name = known_stages(store).get(key)
    folder = store.place(name, key) if name else None
    if folder is None or not folder.is_dir():
        return None
    try:
        check_stage(folder)
        return None
    except DamagedStageError:
        pass
    aside = store.path / "work" / f"{DAMAGED}{key}-{secrets.token_hex(4)}"
    with store_errors("move away a damaged stage", folder):
        aside.parent.mkdir(exist_ok=True)
        os.rename(folder, aside)
    return aside


def _places(store: Store) -> Iterator[Path]:
    """The place of every stage, also of one that has lost its stage.json."""
    for folder in sorted(store.path.iterdir()):
        if folder.name in RESERVED_NAMES or folder.name.startswith(".") or not folder.is_dir():
            continue
        yield from (path for path in sorted(folder.iterdir()) if path.is_dir())


def _recorded(store: Store, sweeps: Collection[str]) -> Iterator[Path]:
    records = [recorded_sweep(store, word) for word in sweeps] or store.records.all()[-1:]
    stages = {key: stage["name"] for one in records for key, stage in one.record["stages"].items()}
    places = (store.place(name, key) for key, name in stages.items())
    return (place for place in places if place.is_dir())


def _others(store: Store) -> Iterator[str]:
    for path in sorted((store.path / "specs").glob("*.json")):
        try:
            store.read_spec(path.stem)
        except DamagedSpecificationError as error:
            yield str(error)
    for path in sorted((store.path / "work").glob(f"*/*/{_CHECKPOINT}")):
        if not _archive_is_whole(path):
            yield (
                f"{path} is damaged: its stage goes on from an older checkpoint, or begins anew, "
                "with the same command as before."
            )
    index = store.path / _INDEX
    if index.exists() and not seal_holds(index.read_bytes()):
        yield f"{index} is not what was written: the next `python -m reports` makes it anew."


def _archive_is_whole(path: Path) -> bool:
    """Whether a checkpoint that is a zip archive, as torch writes them, agrees with its sums."""
    try:
        if not zipfile.is_zipfile(path):
            # Of another form, which only its study knows; one of torch that has lost its end.
            return path.read_bytes()[:2] != b"PK"
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        return not path.exists()
