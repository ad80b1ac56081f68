"""Files outside the store, found again by their content: a stage knows that and not the place."""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lab.cache import cache_folder
from lab.errors import DataError
from lab.files import replacing

REMEMBERED = 2**26
"""Bytes from which a file's sha256 is worth a note in the cache."""
SETTLED = 10.0
"""Seconds after which a file with the same time is taken for the same file."""


def file_sha256(file: Path) -> str:
    """Return the file's sha256 in hex; read again only when size, time or inode changed.

    Of large files that also holds from one command to the next.
    """
    stat = file.stat()
    return _sha256(file.resolve(), stat.st_size, stat.st_mtime_ns, stat.st_ino)


@functools.lru_cache(maxsize=4096)
def _sha256(file: Path, size: int, mtime_ns: int, inode: int) -> str:
    if size < REMEMBERED or time.time() - mtime_ns / 1e9 < SETTLED:
        return _read_sha256(file)
    state = hashlib.sha256(repr((str(file), size, mtime_ns, inode)).encode()).hexdigest()
    note = cache_folder() / "sha256" / state[:32]
    with suppress(OSError):
        return note.read_text()
    found = _read_sha256(file)
    with suppress(OSError):  # a cache that one may only read
        note.parent.mkdir(parents=True, exist_ok=True)
        with replacing(note) as part:
            part.write_text(found)
    return found


def _read_sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def note_file(file: Path, ending: str) -> None:
    """Note in the cache where a file lies, under its sha256 and `ending` (such as ".jsonl")."""
    note = _notes() / f"{file_sha256(file)}{ending}"
    note.parent.mkdir(parents=True, exist_ok=True)
    with replacing(note, sync=False) as part:
        part.symlink_to(file.resolve())


def noted_file(sha256: str, again: str, ending: str = ".*") -> Path:
    """Return the note of the file with that content and ending, a link to it.

    Raises DataError where none is known on this machine, with `again` for what to run once more,
    or where the file has changed.
    """
    found = [note for note in sorted(_notes().glob(f"{sha256}{ending}")) if note.is_file()]
    if not found:
        raise DataError(
            f"No file with sha256 {sha256[:12]}... is known on this machine. Run once more with "
            f"{again} on it."
        )
    if file_sha256(found[0]) != sha256:
        raise DataError(
            f"{found[0].resolve()} has changed since the run was planned. Put the old file back, "
            "or run the command again."
        )
    return found[0]


def _notes() -> Path:
    return cache_folder() / "files"


def remembered(facts: Mapping[str, Any], find: Callable[[], Any]) -> Any:
    """Return what `find` finds out of files' contents, found once on this machine.

    `facts` and what is found are plain values; `facts` name all that the latter depends on, a
    version included. A cache that cannot be written remembers nothing.
    """
    text = json.dumps(facts, sort_keys=True)
    note = cache_folder() / "found" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    with suppress(OSError, ValueError):
        return json.loads(note.read_text("utf-8"))
    found = find()
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        with replacing(note) as part:
            part.write_text(json.dumps(found), "utf-8")
    return found
