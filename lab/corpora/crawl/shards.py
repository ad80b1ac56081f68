"""The input of a cleaning run: its shards in a fixed order, each with what shows a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.errors import DataError

if TYPE_CHECKING:
    from datatrove.io import DataFolder

FORMATS = {
    "wet": (".wet", ".warc"),
    "jsonl": (".jsonl", ".json", ".ndjson"),
    "parquet": (".parquet",),
}
_COMPRESSED = (".gz", ".zst", ".bz2", ".xz")


class InputError(DataError):
    """The input cannot be cleaned as it is; the message says what would do."""


class ShardChangedError(DataError):
    """A shard is no longer the file that the run was planned with."""


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One input file and the state in which the run found it."""

    path: str
    """Relative to the input folder, or to the folder of a single file."""
    size: int
    """Bytes."""
    stamp: str
    """Modification time and inode of a local file, the entity tag of a remote one."""

    @property
    def format(self) -> str | None:
        """The key of FORMATS that the file's name shows, or None."""
        name = self.path.lower()
        for suffix in _COMPRESSED:
            name = name.removesuffix(suffix)
        return next((kind for kind, ends in FORMATS.items() if name.endswith(ends)), None)


def find_shards(source: str, glob: str | None = None) -> tuple[str, list[Shard]]:
    """List the shards of a folder or of one file: (folder, shards sorted by path).

    Raises InputError where there is nothing to read, a file is of no known format, or the files
    are of several formats.
    """
    from datatrove.io import get_datafolder

    folder = get_datafolder(source)
    if folder.isfile(""):
        parent, _, name = source.rstrip("/").rpartition("/")
        folder, paths = get_datafolder(parent or "."), [name]
    else:
        paths = folder.list_files(glob_pattern=glob) if folder.exists("") else []
    shards = [shard_now(folder, path) for path in paths]
    if not shards:
        wanted = f" that match '{glob}'" if glob else ""
        raise InputError(f"No files{wanted} at {source}. Give --input a folder or a file.")
    unknown = [shard.path for shard in shards if shard.format is None]
    if unknown:
        known = ", ".join(end for ends in FORMATS.values() for end in ends)
        raise InputError(
            f"{len(unknown)} of {len(shards)} files at {source} are of no known format, the first "
            f"is '{unknown[0]}'. Known: {known}, also with {', '.join(_COMPRESSED)}. "
            "Choose the files with --glob '**/*.jsonl.gz' (as an example)."
        )
    formats = sorted({str(shard.format) for shard in shards})
    if len(formats) > 1:
        raise InputError(
            f"{source} mixes {' and '.join(formats)} files. Choose one kind with --glob and clean "
            "the other in a run of its own."
        )
    return folder.path, shards


def shard_now(folder: DataFolder, path: str) -> Shard:
    """The state of one input file at this moment."""
    info: Mapping[str, Any] = folder.info(path)
    if "mtime" in info and "ino" in info:
        stamp = f"{info['mtime']}/{info['ino']}"
    else:
        stamp = str(info.get("ETag") or info.get("LastModified") or info.get("last_modified"))
    return Shard(path=path, size=int(info["size"]), stamp=stamp)


def changed(before: Sequence[Shard], now: Sequence[Shard]) -> list[int] | None:
    """Positions of the shards that changed, or None where the list of files itself did."""
    if [shard.path for shard in before] != [shard.path for shard in now]:
        return None
    return [at for at, (old, new) in enumerate(zip(before, now, strict=True)) if old != new]
