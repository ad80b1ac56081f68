"""Sweeps' results as one small file: what reports read of a store, without models and answers.

sweeps/<name>.json                the record of each sweep
<stage name>/<key>/stage.json     each finished stage behind it; beside it its scores, those of
                                  references, and what validation says of its checkpoints
failures/<key>/<n>.json           why an unfinished stage failed
results.json                      first of all: how many files follow, and their digest

Unpacked, it is a store to whoever reads tables. The same store gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import os
import tarfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.digests import DESCRIPTION, FILES, SCORES, SELECTION, read_description, read_file
from sweeps.errors import DamagedStageError, SweepError
from sweeps.stage import RESERVED_NAMES
from sweeps.store import Store, store_errors
from sweeps.verbs.address import recorded_cells, recorded_sweep
from sweeps.verbs.archive import check_name, written

MANIFEST = "results.json"
SCHEMA = 1
_XZ = {"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME}
_WRITES = "`python -m sweeps export --results FILE.tar.xz` writes one."

Files = dict[str, bytes]
"""Contents by their place in a store."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export of results wrote, and what it could not."""

    stages: int
    records: int
    holes: tuple[str, ...]
    """Cells that lack a score, each with its tasks."""
    left_out: tuple[str, ...]
    """Stages that are damaged, and how."""


def export_results(store: Store, file: Path, sweeps: Collection[str] | None = None) -> Exported:
    """Write what reports read of sweeps (default: all) into a tar file, whole or not at all.

    Raises SweepError where the file has another name than .tar or .tar.xz or cannot be written,
    for an unknown sweep and a store without any, StoreError where the store cannot be read.
    """
    check_name(file)
    named = store.records.all() if sweeps is None else [recorded_sweep(store, w) for w in sweeps]
    named = list({one.path: one for one in named}.values())
    if not named:
        raise SweepError(f"{store.path} holds no sweep whose results could be exported.")
    left_out: list[str] = []
    files: Files = {}
    taken: set[str] = set()
    with store_errors("read", store.path):
        for one in named:
            files[f"sweeps/{store.records.name_of(one.path)}.json"] = _record(one.path)
            references = [str(known["file"]) for known in one.record.get("references") or []]
            for key, stage in one.record["stages"].items():
                try:
                    found = _of_stage(store, stage["name"], key, references)
                except DamagedStageError as error:
                    left_out.append(str(error))
                    continue
                files |= found
                if f"{stage['name']}/{key}/{DESCRIPTION}" in found:
                    taken.add(key)
    with written(file, store.path, _XZ) as tar:
        for name, content in [(MANIFEST, _manifest(files)), *sorted(files.items())]:
            # Without times and owners, so that the same results are the same file.
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return Exported(
        stages=len(taken),
        records=len(named),
        holes=tuple(_holes(store, {one.name for one in named}, taken)),
        left_out=tuple(dict.fromkeys(left_out)),
    )


def read_results(file: Path) -> Files:
    """The files of an export of results. Raises SweepError for one that is not whole, or another.

    No name leads out of the folder into which they are unpacked.
    """
    files: Files = {}
    try:
        with tarfile.open(file) as tar:
            for member in tar:
                if not files and member.name != MANIFEST:
                    # A whole export may be large: it is not read to its end.
                    break
                files[member.name] = _content(tar, member, file)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise SweepError(f"Cannot read {file}: {reason}.") from error
    except (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise SweepError(
            f"{file} is no whole file of results: {str(error).partition(':')[0]}. Copy it again "
            f"from where it was written; {_WRITES}"
        ) from error
    manifest = files.pop(MANIFEST, None)
    if manifest is None:
        raise SweepError(
            f"{file} is no file of results: it has no {MANIFEST}. {_WRITES} Other exports are "
            "taken into a store by `python -m sweeps import`."
        )
    if manifest != _manifest(files):
        raise SweepError(
            f"{file} is not what was written: it was cut off or changed, or another version wrote "
            f"it. Copy it again from where it was written; {_WRITES}"
        )
    return files


def unpack_results(file: Path, folder: Path) -> None:
    """Write the files of an export of results below a folder. Raises SweepError as for reading."""
    files = read_results(file)
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise SweepError(
            f"Cannot unpack {file} into {folder}: {reason}. TMPDIR names another place for it."
        ) from error


def _record(path: Path) -> bytes:
    """A sweep's record, without where the store lay on the machine that ran it."""
    record = json.loads(path.read_bytes())
    record["command"] = [word for word in record["command"] if not word.startswith("store=")]
    for row in record["rows"]:
        for cell in row["cells"]:
            for section in (cell["config"], *cell["config"].values()):
                if isinstance(section, dict):
                    section.pop("store", None)
    return (json.dumps(record, indent=1) + "\n").encode()


def _of_stage(store: Store, name: str, key: str, references: Collection[str]) -> Files:
    """What reports read of a stage: of an unfinished one its failures. Raises DamagedStageError."""
    folder = store.find_key(name, key)
    if folder is None:
        failed = sorted((store.path / "failures" / key).glob("*.json"))
        return {f"failures/{key}/{path.name}": path.read_bytes() for path in failed}
    listed = read_description(folder).get(FILES)
    wanted = [DESCRIPTION, SCORES, SELECTION, *references]
    there = [one for one in wanted if one in (listed or {}) or (folder / one).is_file()]
    return {f"{name}/{key}/{one}": read_file(folder, one) for one in there}


def _holes(store: Store, sweeps: Collection[str], taken: Collection[str]) -> Iterator[str]:
    for cell in recorded_cells(store):
        missing = [task for task, key in cell.scores.items() if key not in taken]
        if missing and cell.sweep in sweeps:
            yield f"{cell.name}: {', '.join(missing)}"


def _manifest(files: Mapping[str, bytes]) -> bytes:
    """What says of files whether they are all there, and as they were."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    said: dict[str, Any] = {"schema": SCHEMA, "files": len(files), "sha256": digest.hexdigest()}
    return (json.dumps(said, indent=1) + "\n").encode()


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, file: Path) -> bytes:
    parts = member.name.split("/")
    fits = member.name == MANIFEST or (
        len(parts) in (2, 3)
        and not {"", ".", ".."} & {*parts}
        and (parts[0] in ("sweeps", "failures") or parts[0] not in RESERVED_NAMES)
    )
    source = tar.extractfile(member) if fits and member.isfile() else None
    if source is None:
        raise SweepError(
            f"{file} is no file of results: it holds {member.name!r}. {_WRITES} Other exports are "
            "taken into a store by `python -m sweeps import`."
        )
    return source.read()
