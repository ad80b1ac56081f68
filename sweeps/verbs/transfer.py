"""Finished stages and sweeps' records as one tar file, to move them between stores.

With them can go what the unfinished stages read from outside of the store, so that a machine
without a network goes on with them: under outside/<study>/, by the names that the study gives.
"""

from __future__ import annotations

import hashlib
import lzma
import tarfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sweeps.digests import (
    DESCRIPTION,
    FILES,
    check_stage,
    described_key,
    file_digests,
    read_description,
)
from sweeps.errors import DamagedStageError, StageError, StoreError, SweepError
from sweeps.graph import Graph
from sweeps.lease import scratch
from sweeps.shapes import is_record
from sweeps.stage import RESERVED_NAMES
from sweeps.store import Store, read_json, store_errors, write_json
from sweeps.study import Study
from sweeps.verbs.address import recorded_sweep
from sweeps.verbs.archive import check_name, written
from sweeps.verbs.pickles import pickled_code
from sweeps.verbs.results import MANIFEST

_CHUNK = 2**20
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
    left_out: tuple[str, ...] = ()
    """What was not taken along, and why."""
    renamed: tuple[tuple[str, str], ...] = ()
    """Ids that a sweep of this store has already, and the names of the imported ones."""


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
    compressed. Raises SweepError where it has another name or cannot be written, or where there is
    nothing to export, StoreError where
    the store cannot be read.
    """
    named = store.records.all() if sweeps is None else [recorded_sweep(store, w) for w in sweeps]
    files = {one.path: one.record for one in named}
    records = list(files.values())
    keys = _keys(records, scores_only)
    everything = sweeps is None and not scores_only
    check_name(file)
    count, left_out = 0, []
    outside = _outside(store, records) if data else {}
    with written(file, store.path, _XZ) as tar:
        for path in files:
            tar.add(path, f"sweeps/{store.records.name_of(path)}.json")
        for name, key, path in store.finished():
            if not everything and key not in keys:
                continue
            if unfit := _unfit(path):
                left_out.append(unfit)
                continue
            _add_stage(tar, path, f"{name}/{key}")
            count += 1
        for name, path in sorted(outside.items()):
            tar.add(path, f"{_OUTSIDE}/{name}", recursive=False)
        if not (count or files or left_out or outside):
            raise SweepError(f"{store.path} holds no finished stage and no sweep to export.")
    return Transferred(
        stages=count, records=len(records), outside=len(outside), left_out=tuple(left_out)
    )


def _unfit(folder: Path) -> str | None:
    """Why a finished stage would not be taken by an import; None where it would."""
    name, key = folder.parent.name, folder.name
    try:
        check_stage(folder)
        if described_key(name, read_description(folder)) != key:
            raise DamagedStageError(folder, DESCRIPTION, "it does not describe this stage")
    except DamagedStageError as error:
        return str(error)
    odd = [path for path in _files(folder) if path.is_symlink() or not _is_plain(path)]
    if odd:
        return f"{name} {key}: {odd[0]} is no plain file: put its content there."
    return None


def _is_plain(path: Path) -> bool:
    return path.is_file() or path.is_dir()


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

    What of it no export writes is left out, and said. Raises SweepError when the file is cut off,
    has nothing to take, leads out of the store or holds pickled code; every stage before that is in
    the store, whole.
    """
    store.prepare()
    with scratch(store, "import") as folder:
        work = _Import(store, file, folder)
        try:
            with store_errors("read", file), tarfile.open(file) as tar:
                for member in tar:
                    if member.name == MANIFEST:
                        raise SweepError(
                            f"{file} holds results alone, without models and answers. Nothing is "
                            "imported: `python -m reports last --store "
                            f"{file}` reads it where it is."
                        )
                    work.take(tar, member)
        except (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error) as error:
            reason = str(error).partition(":")[0]
            raise SweepError(
                f"{file} is no whole export: {reason}. Stages taken before that: {work.stages}. "
                "Copy the file again, then repeat the import."
            ) from error
        return work.end()


class _Import:
    """One tar file on its way into a store: each stage is put together aside, then published."""

    def __init__(self, store: Store, file: Path, folder: Path) -> None:
        self.stages = 0
        self._store, self._file, self._folder = store, file, folder
        self._records = self._records_known = self._known = self._outside = 0
        self._held: dict[str, dict[str, str]] = {}
        """The digest of each file of a stage as the tar holds it, by `name/key`."""
        self._written: set[Path] = set()
        """The records taken."""
        self._refused: dict[str, str] = {}
        """Why a stage or a record is left out."""

    def take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """The next member: a stage is whole with its stage.json, with which an export ends it."""
        place = _checked(member, self._file)
        of_outside = place.parts[0] == _OUTSIDE
        stage = "/".join(place.parts[:2])
        if not (member.isfile() or member.isdir()):
            self._refused.setdefault(
                stage, f"it holds {member.name!r}, which no export writes: no plain file"
            )
            return
        digest = self._extract(tar, member, place)
        if place.parts[0] == "sweeps":
            self._take_record(place)
        elif of_outside:
            self._outside += member.isfile()
        else:
            files = self._held.setdefault(stage, {})
            if member.isfile():
                files["/".join(place.parts[2:])] = digest
            if len(place.parts) == 3 and place.name == DESCRIPTION:
                self._publish(stage)

    def end(self) -> Transferred:
        """What was taken. Raises SweepError where there was nothing to take."""
        for stage in self._held:
            self._refused.setdefault(stage, f"its {DESCRIPTION} is not in the file")
        left_out = tuple(f"{what}: {why}: not imported." for what, why in self._refused.items())
        there = self._known or self._records_known
        if not (self.stages or self._records or self._outside or there):
            why = " ".join(left_out) or "It holds no stage and no sweep."
            raise SweepError(f"{self._file}: nothing to import. {why}")
        _bring(self._store, self._folder / _OUTSIDE, self._file)
        return Transferred(
            stages=self.stages,
            records=self._records,
            known=self._known,
            outside=self._outside,
            left_out=left_out,
            renamed=self._renamed(),
        )

    def _renamed(self) -> tuple[tuple[str, str], ...]:
        recorded = self._store.records.all()
        ours = {one.id for one in recorded if one.name == one.id and one.path not in self._written}
        imported = [one for one in recorded if one.path in self._written]
        return tuple((one.id, one.own) for one in imported if one.id in ours)

    def _extract(self, tar: tarfile.TarFile, member: tarfile.TarInfo, place: PurePosixPath) -> str:
        """Write a member below our folder, which must be there; its digest as the tar has it."""
        target = self._folder / place
        digest = hashlib.sha256()
        try:
            with store_errors("import", self._folder):
                _make_folders(self._folder, place if member.isdir() else place.parent)
                if member.isdir():
                    return ""
                source = tar.extractfile(member)
                assert source is not None
                with source, target.open("wb") as out:
                    while chunk := source.read(_CHUNK):
                        digest.update(chunk)
                        out.write(chunk)
                called = pickled_code(target)
        except StoreError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise self._lost() from error
            raise
        if called:
            raise SweepError(
                f"{self._file}: {member.name} holds code that would run when it is read "
                f"({', '.join(called[:3])}): not imported. Stages taken before that: "
                f"{self.stages}. Ask whoever made the file for one of `python -m sweeps export "
                "--scores-only`, which has no models, or run the stages here."
            )
        return digest.hexdigest()

    def _lost(self) -> SweepError:
        return SweepError(
            f"{self._folder}, in which {self._file} was being unpacked, is gone: somebody removed "
            f"it. Stages taken before that: {self.stages}. Repeat the import."
        )

    def _publish(self, stage: str) -> None:
        name, _, key = stage.partition("/")
        held = self._held.pop(stage)
        if stage in self._refused:
            return
        found = self._folder / name / key
        if self._store.find_key(name, key) is not None:
            self._known += 1
            return
        try:
            described = read_description(found)
            digests = file_digests(found)
        except (DamagedStageError, StageError) as error:
            reason = error.reason if isinstance(error, DamagedStageError) else str(error)
            self._refused[stage] = f"its {DESCRIPTION} cannot be read: {reason}"
            return
        except OSError:
            raise self._lost() from None
        expected = described_key(name, described)
        if expected != key:
            lacks = "lacks what a stage has" if not expected else f"describes stage {expected}"
            self._refused[stage] = f"{DESCRIPTION} {lacks}"
            return
        del held[DESCRIPTION]
        if held != {name: one["sha256"] for name, one in digests.items()}:
            raise self._lost()
        listed = described.get(FILES)
        if listed is not None and listed != digests:
            self._refused[stage] = "its files are not those that its stage.json lists"
            return
        if self._store.publish(name, key, found):
            self.stages += 1
        else:
            self._known += 1

    def _take_record(self, place: PurePosixPath) -> None:
        path = self._store.path / place
        if path.exists():
            self._records_known += 1
            return
        record = read_json(self._folder / place)
        if is_record(record):
            write_json(path, record)
            self._records += 1
            self._written.add(path)
        else:
            self._refused[str(place)] = "it is no record of a sweep"


def _make_folders(folder: Path, place: PurePosixPath) -> None:
    """Make the folders of `place` below `folder`, which is not made again if it is gone."""
    for part in place.parts:
        folder = folder / part
        with suppress(FileExistsError):
            folder.mkdir()


def _bring(store: Store, folder: Path, file: Path) -> None:
    """Hand the files of each study to it; only a study that a record names is imported."""
    studies = {one.record.get("study") for one in store.records.all()}
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
        if relative != DESCRIPTION:
            tar.add(found, f"{name}/{relative}", recursive=False)
    tar.add(path / DESCRIPTION, f"{name}/{DESCRIPTION}")


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
        and (member.isfile() or member.isdir() or parts[0] not in (_OUTSIDE, "sweeps"))
        and (
            (len(parts) >= 3 and (parts[0] == _OUTSIDE or parts[0] not in RESERVED_NAMES))
            or (len(parts) in (2, 3) and parts[0] == "sweeps" and place.suffix == ".json")
        )
    )
    if not fits:
        raise SweepError(f"{file} holds {member.name!r}, which no export writes: not imported.")
    return place
