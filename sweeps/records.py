"""The records of a store's sweeps: which there are, what they go by, and which is the newest.

A record lies in sweeps/<name>.json, of a study beside the default one in sweeps/<study>/.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sweeps.digests import decoded
from sweeps.errors import StoreError
from sweeps.shapes import is_record


class Records:
    """The records in a store's folder `sweeps`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where the record of a sweep lies, by the name that is its own."""
        return self._folder / f"{name}.json"

    def name_of(self, path: Path) -> str:
        """The name of the sweep whose record lies there."""
        return path.relative_to(self._folder).with_suffix("").as_posix()

    def all(self) -> list[Recorded]:
        """The record of every sweep of this store, the oldest first."""
        found = []
        for path in self._files():
            record = _record_in(path)
            if record is not None:
                id = str(record.get("id", self.name_of(path)))
                own = str(record.get("name") or _own_name(id, record))
                found.append(Recorded(id=id, own=own, name=own, path=path, record=record))
        found.sort(key=lambda one: (written_order(one.record), one.own))
        newest = {one.id: one for one in found}
        return [replace(one, name=one.id) if newest[one.id] is one else one for one in found]

    def next_order(self) -> int:
        """The `order` of a record that is written now: after every one that is there.

        Microseconds since 1970 where the clock is ahead of them all, so that records of two stores
        compare; one more than the last where this host's clock is behind.
        """
        last = max((written_order(one.record) for one in self.all()), default=0)
        return max(time.time_ns() // 1000, last + 1)

    def shares_order(self, path: Path) -> bool:
        """Whether another record has the order of the one that lies there.

        Two that are written at once may have taken the same one. Whoever writes first and looks
        then cannot miss that: the later of two writers finds the earlier one's record.
        """
        orders = {one.path: one.record.get("order") for one in self.all()}
        mine = orders.pop(path, None)
        return mine is not None and mine in orders.values()

    def find(self, word: str) -> Recorded | None:
        """The record that goes by this name, or whose own name it is.

        A sweep of a study beside the default one may be called without its study where no other
        sweep of the store is called so.
        """
        found = self.all()[::-1]
        if named := [one for one in found if word in (one.name, one.own)]:
            return named[0]
        short = [one for one in found if word in (_short(one.name), _short(one.own))]
        return short[0] if len({one.id for one in short}) == 1 else None

    def sign(self) -> tuple[tuple[str, int, int], ...]:
        """What changes whenever a record is written or removed: names, inodes and times."""
        found = []
        for path in self._files():
            with suppress(FileNotFoundError):
                status = path.stat()
                found.append((str(path), status.st_ino, status.st_mtime_ns))
        return tuple(found)

    def strange(self) -> list[Path]:
        """Files that stand where records do and are none: cut off, or of something else."""
        strange = [path for path in self._files() if _record_in(path) is None]
        # One that is gone by now was replaced by another.
        return [path for path in strange if path.exists()]

    def _files(self) -> list[Path]:
        found = list(listing(self._folder))
        found += [path for folder in found if folder.is_dir() for path in listing(folder)]
        return [path for path in found if path.suffix == ".json"]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A sweep's record, as its store has it."""

    id: str
    """What several sweeps may share, such as the name of their file."""
    own: str
    """The name that no other sweep has."""
    name: str
    """What the sweep goes by: its id where it is the newest of it, else its own name."""
    path: Path
    record: Mapping[str, Any]
    """What the file holds."""

    @property
    def content(self) -> dict[str, Any]:
        """The record, with the names that hold in its store now."""
        return {**self.record, "id": self.name, "name": self.own}


def written_order(record: Mapping[str, Any]) -> int:
    """Where a record stands among those of its store; by its date where it has no `order`."""
    order = record.get("order")
    if isinstance(order, int) and not isinstance(order, bool):
        return order
    try:
        created = datetime.datetime.fromisoformat(str(record.get("created", "")))
    except ValueError:
        return 0
    if created.tzinfo is None:
        created = created.replace(tzinfo=datetime.UTC)
    return int(created.timestamp() * 1_000_000)


def _short(name: str) -> str:
    """A sweep's name without its study."""
    return name.rpartition("/")[2]


LONGEST_NAME = 160
"""Bytes of a sweep's name: file systems take 255, and endings and digests stand behind it."""


def short_name(id: str) -> str:
    """A sweep's name, or where no file could be called so its beginning and its digest."""
    folder, slash, name = id.rpartition("/")
    if len(name.encode()) <= LONGEST_NAME:
        return id
    begins = name.encode()[: LONGEST_NAME - 20].decode(errors="ignore").rstrip("-. ")
    return f"{folder}{slash}{begins}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def own_name(id: str, file: str | None, asked: Iterable[str]) -> str:
    """The name of a sweep's record, which no other sweep has.

    The id says it all but for a sweep file's, which is the file's name: there also the file's
    digest and what was `asked` on the command line count.
    """
    if file is None:
        return id
    digest = hashlib.sha256("\0".join([file, *sorted(asked)]).encode()).hexdigest()[:8]
    return f"{id}-{digest}"


def _own_name(id: str, record: Mapping[str, Any]) -> str:
    """Of a record that does not say its own name, as they once did not."""
    file = record.get("sweep_file") or {}
    return own_name(id, file.get("sha256"), record.get("common") or [])


def _record_in(path: Path) -> dict[str, Any] | None:
    """The record of a sweep in a file; None where there is none, or nobody can read it."""
    try:
        return _record_of(path.read_bytes())
    except OSError:
        return None


@functools.lru_cache(maxsize=64)
def _record_of(content: bytes) -> dict[str, Any] | None:
    """The record that these bytes are; a command asks for the same ones several times."""
    try:
        record = decoded(content)
    except ValueError:
        return None
    return record if is_record(record) else None


def listing(folder: Path) -> Iterable[Path]:
    """What lies in a folder, in order; nothing where there is none. Raises StoreError."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise StoreError.during("list", folder, error) from error
