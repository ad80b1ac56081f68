"""Files outside the store, found again by their content: a stage knows that and not the place."""

from __future__ import annotations

import os
from pathlib import Path

from t5study.errors import DataError


def note_file(file: Path, ending: str) -> None:
    """Note in the cache where a file lies, under its sha256 and `ending` (such as ".jsonl")."""
    from t5study.tasks.source import file_sha256

    note = _notes() / f"{file_sha256(file)}{ending}"
    note.parent.mkdir(parents=True, exist_ok=True)
    part = note.with_name(f".{note.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    part.symlink_to(file.resolve())
    os.replace(part, note)


def noted_file(sha256: str, again: str) -> Path:
    """Return the note of the file with that content, a link to it.

    Raises DataError where none is known on this machine, with `again` for what to run once more,
    or where the file has changed.
    """
    from t5study.tasks.source import file_sha256

    found = [note for note in sorted(_notes().glob(f"{sha256}.*")) if note.is_file()]
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
    from t5study.corpora.archives import cache_folder

    return cache_folder() / "files"
