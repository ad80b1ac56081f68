"""Finished stages and sweeps' records as one tar file, to move them between stores.

With them can go what the unfinished stages read from outside of the store, so that a machine
without a network goes on with them: under outside/<study>/, by the names that the study gives.
"""

from __future__ import annotations

import lzma
import os
import secrets
import shutil
import tarfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sweeps.errors import StoreError, SweepError, is_full
from sweeps.graph import Graph
from sweeps.stage import RESERVED_NAMES, stage_key
from sweeps.store import Store, is_record, read_json, store_errors, write_json
from sweeps.study import Study
from sweeps.verbs.address import recorded_sweep

_DESCRIPTION = "stage.json"
_OUTSIDE = "outside"
_XZ = {
    "id": lzma.FILTER_LZMA2,
    # Of tokens the slower presets save a twentieth more and take five times as long.
    "preset": 1,
    # A corpus and the mixture that it is part of hold the same tokens, far apart.
    "dict_size": 2**27,
    # Two bytes a token.
    "lc": 0,
    "lp": 1,
    "pb": 1,
}


@dataclass(frozen=True, kw_only=True)
class Transferred:
    """What an export wrote or an import took."""

    stages: int
    records: int
    known: int = 0
    """Stages that the store had already."""
    outside: int = 0
    """Files from outside of the store."""


def export_stages(
    store: Store,
    file: Path,
    *,
    sweeps: Collection[str] | None = None,
    scores_only: bool = False,
    data: bool = False,
) -> Transferred:
    """Write finished stages and records into a tar file, whole or not at all.

    `sweeps` are names of sweeps (default: all, and stages of no sweep too); with `scores_only` only
    the stages that tables read go, without the models behind them; with `data` also what the
    unfinished stages read from outside of the store. The file is called .tar, or .xz to be
    compressed. Raises SweepError where it has another name or cannot be written, StoreError where
    the store cannot be read.
    """
    named = store.recorded() if sweeps is None else [recorded_sweep(store, w) for w in sweeps]
    files = {one.path: one.record for one in named}
    records = list(files.values())
    keys = _keys(records, scores_only)
    everything = sweeps is None and not scores_only
    if file.is_dir():
        raise SweepError(f"{file} is a folder. Name a file, such as {file / 'study.tar.xz'}.")
    if file.suffix not in (".tar", ".xz"):
        better = file.with_name(file.name.partition(".")[0] + ".tar.xz")
        raise SweepError(
            f"{file}: an export is called .tar, or .tar.xz to be compressed, such as {better}."
        )
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    count = 0
    outside = _outside(store, records) if data else {}
    try:
        with _written(temporary, file.suffix) as tar:
            for path in files:
                tar.add(path, f"sweeps/{store.record_name(path)}.json")
            for name, key, path in store.finished():
                if everything or key in keys:
                    _add_stage(tar, path, f"{name}/{key}")
                    count += 1
            for name, path in sorted(outside.items()):
                tar.add(path, f"{_OUTSIDE}/{name}", recursive=False)
        os.replace(temporary, file)
    except OSError as error:
        if error.filename and store.path in Path(error.filename).parents:
            raise StoreError.during("read", Path(error.filename), error) from error
        reason = os.strerror(error.errno) if error.errno else error
        remedy = "Free space there, or name" if is_full(error) else "Name"
        raise SweepError(
            f"Cannot write {file}: {reason}. {remedy} a file in another folder."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return Transferred(stages=count, records=len(records), outside=len(outside))


@contextmanager
def _written(path: Path, suffix: str) -> Iterator[tarfile.TarFile]:
    if suffix != ".xz":
        with tarfile.open(path, "w") as tar:
            yield tar
        return
    with lzma.open(path, "wb", filters=[_XZ]) as file, tarfile.open(fileobj=file, mode="w|") as tar:
        yield tar


def _outside(store: Store, records: Collection[Mapping[str, Any]]) -> dict[str, Path]:
    """What the records' unfinished stages read from outside of the store, by its name in the tar.

    Raises SweepError where that cannot be had, or the stages are not those of the record any more.
    """
    found: dict[str, Path] = {}
    for record in records:
        study = Study(record["study"])
        configs = [cell["config"] for row in record["rows"] for cell in row["cells"]]
        graph = Graph(stage for config in configs for stage in study.cell(config).scores.values())
        strangers = set(graph.stages) - set(record["stages"])
        if strangers:
            raise SweepError(
                f"{record['id']}: {len(strangers)} of its stages have other keys than when it was "
                "planned: code or data changed since. Run its command again first."
            )
        todo = graph.needed(lambda stage: store.find(stage) is not None)
        for name, path in study.outside(configs, todo.values()).items():
            found[f"{study.name}/{name}"] = path
    return found


def import_stages(store: Store, file: Path) -> Transferred:
    """Publish the stages of a tar file that `export_stages` wrote; what is there stays.

    Raises SweepError when the file is cut off, or holds what no export writes; every stage
    before that is in the store, whole.
    """
    store.prepare()
    stages = records = known = outside = 0
    folder = store.path / "work" / f".import-{secrets.token_hex(8)}"
    try:
        with store_errors("read", file), tarfile.open(file) as tar:
            for member in tar:
                place = _checked(member, file)
                if place.parts[0] == "sweeps":
                    records += _import_record(store, tar, member, place)
                    continue
                with store_errors("import", folder):
                    _extract(tar, member, folder / place)
                if place.parts[0] == _OUTSIDE:
                    outside += member.isfile()
                elif len(place.parts) == 3 and place.name == _DESCRIPTION:
                    # An export ends each stage with this file: now it is whole.
                    if _publish(store, folder, place, file):
                        stages += 1
                    else:
                        known += 1
        _bring(store, folder / _OUTSIDE, file)
    except (tarfile.TarError, EOFError, lzma.LZMAError) as error:
        reason = str(error).partition(":")[0]
        raise SweepError(
            f"{file} is no whole export: {reason}. Stages taken before that: {stages}. "
            "Copy the file again, then repeat the import."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Transferred(stages=stages, records=records, known=known, outside=outside)


def _bring(store: Store, folder: Path, file: Path) -> None:
    """Hand the files of each study to it; only a study that a record names is imported."""
    studies = {one.record.get("study") for one in store.recorded()}
    for found in sorted(folder.glob("*")):
        if found.name not in studies:
            raise SweepError(f"{file} holds files for {found.name!r}, a study of no sweep here.")
        Study(found.name).bring(found)


def _keys(records: Collection[Mapping[str, Any]], scores_only: bool) -> set[str]:
    if not scores_only:
        return {key for record in records for key in record["stages"]}
    rows = [row for record in records for row in record["rows"]]
    return {key for row in rows for cell in row["cells"] for key in cell["scores"].values()}


def _add_stage(tar: tarfile.TarFile, path: Path, name: str) -> None:
    for found in _files(path):
        relative = found.relative_to(path).as_posix()
        if relative != _DESCRIPTION:
            tar.add(found, f"{name}/{relative}", recursive=False)
    tar.add(path / _DESCRIPTION, f"{name}/{_DESCRIPTION}")


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)


def _checked(member: tarfile.TarInfo, file: Path) -> PurePosixPath:
    """The member's place in a store; refuses what would leave it or is no plain file."""
    place = PurePosixPath(member.name)
    parts = place.parts
    fits = (
        not place.is_absolute()
        and ".." not in parts
        and (member.isfile() or member.isdir())
        and (
            (len(parts) >= 3 and (parts[0] == _OUTSIDE or parts[0] not in RESERVED_NAMES))
            or (len(parts) in (2, 3) and parts[0] == "sweeps" and place.suffix == ".json")
        )
    )
    if not fits:
        raise SweepError(f"{file} holds {member.name!r}, which no export writes: not imported.")
    return place


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None
    with source, target.open("wb") as out:
        shutil.copyfileobj(source, out)


def _publish(store: Store, folder: Path, place: PurePosixPath, file: Path) -> bool:
    name, key = place.parts[:2]
    found = folder / name / key
    described = read_json(found / _DESCRIPTION) or {}
    try:
        expected = stage_key(name, described["version"], described["config"], described["inputs"])
    except KeyError as error:
        raise SweepError(f"{file}: {place} lacks {error}: not imported.") from error
    if expected != key:
        raise SweepError(f"{file}: {place} describes stage {expected}: not imported.")
    return store.publish(name, key, found)


def _import_record(
    store: Store, tar: tarfile.TarFile, member: tarfile.TarInfo, place: PurePosixPath
) -> int:
    path = store.path / place
    if path.exists():
        return 0
    temporary = store.path / "work" / f".record-{secrets.token_hex(8)}"
    try:
        _extract(tar, member, temporary)
        record = read_json(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    if not is_record(record):
        raise SweepError(f"{member.name} is no record of a sweep: not imported.")
    write_json(path, record)
    return 1
