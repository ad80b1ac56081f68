"""Where a task's raw examples lie: on the hub, in local files, or in a folder made on demand."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from glob import escape, glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.by_content import file_sha256
from lab.corpora.archives import FETCH_COMMAND
from lab.datasets.shares import SharedRows, Shares, described_shares
from lab.errors import DataError, StudyError, nearest, nearest_path
from lab.rows import ENDINGS, FileRows, ending_of, rows_of

if TYPE_CHECKING:
    from datasets import Dataset

    from lab.corpora.prepared import Prepared

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

SCORE_ANOTHER = (
    "Score a split that has answers, such as evaluate.split=validation, or give files with them: "
    "data_dir=FOLDER."
)
COMMIT = re.compile(r"[0-9a-f]{40}")


class TaskError(StudyError):
    """A mistake in the name, the settings or the data of a task, in one message."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Raw examples by split, from a hub data set, files of a folder, or listed files; one of them.

    `Source(path="nyu-mll/glue", config="cola", revision=COMMIT, splits={"train": "train"})`
    or `Source(folder=prepare, splits={"train": "movies-train"})` where `prepare()` returns the
    folder that holds movies-train.parquet. Nothing is fetched or read before `load`.
    """

    splits: Mapping[str, str]
    """Our split (train, validation, test) -> the hub's split or the files' stem; "a+b" joins."""
    path: str | None = None
    """Name on the Hugging Face hub."""
    config: str | None = None
    """Configuration of the hub data set."""
    revision: str | None = None
    """Commit on the hub: a branch would move, and with it what a stage's key means."""
    folder: Callable[[], Path] | Path | None = None
    """Local folder, or a function that makes it when first needed."""
    listed: Mapping[str, Sequence[str | Path]] | None = None
    """Files and patterns by the names that `splits` gives them."""
    shares: Shares | None = None
    """Which rows of the training set are not its own but those of other splits."""
    withheld: tuple[str, ...] = ()
    """Splits whose answers the hub keeps back."""
    pins: Callable[[], Mapping[str, Any]] | None = None
    """Plain values that name exactly what `folder` will hold, known before it is made."""

    prepared: Prepared | None = None
    """The data out of packages that `folder` makes, where it is such."""

    def __post_init__(self) -> None:
        if sum(place is not None for place in (self.path, self.folder, self.listed)) != 1:
            raise TaskError("A source needs a hub path, a folder or listed files: one of them.")
        if self.path is not None and not COMMIT.fullmatch(self.revision or ""):
            raise TaskError(
                f"Hub data set {self.path}: revision {self.revision!r} is not a commit of 40 hex "
                "digits."
            )

    def load(
        self,
        task: str,
        split: str,
        fields: Iterable[str],
        *,
        data_dir: str | os.PathLike[str] | None = None,
        data_files: Paths | Mapping[str, Paths] | None = None,
    ) -> Dataset | FileRows:
        """Return the raw examples of `split`; `data_dir` or `data_files` replace the hub.

        `data_dir` is a folder with the split's files, or one with the hub's data sets below it by
        name (data_dir/nyu-mll/glue/cola/train-00000-of-00001.parquet).

        Raises TaskError when there is no such split or file, when the hub cannot be reached, or
        when a field of `fields` ("a.b" is b inside a) is missing.
        """
        files = self.files(task, split, data_dir=data_dir, data_files=data_files)
        shares = self._shares(split, data_dir or data_files)
        if files is not None and (self.pins is None or data_dir or data_files):
            rows = read_files(task, files, fields)
            return SharedRows(rows.files, shares, split) if shares else rows
        if files is not None:
            try:
                return read_files(task, files, fields)
            except TaskError as error:
                raise TaskError(
                    f"{str(error).rstrip('.')}. Delete the folder {files[0].parent} and type: "
                    f"{FETCH_COMMAND} {task}"
                ) from error
        data = self._from_hub(task, split)
        check_fields(task, f"hub data set {self.path}", data.features, fields)
        return data.select(shares.places(data, split)) if shares else data

    def files(
        self,
        task: str,
        split: str,
        *,
        data_dir: str | os.PathLike[str] | None = None,
        data_files: Paths | Mapping[str, Paths] | None = None,
    ) -> list[Path] | None:
        """Return the local files that hold `split` in reading order, or None for the hub.

        A mapping of data_files replaces the splits that it names.
        """
        self._check_split(task, split)
        if data_dir is not None and data_files is not None:
            raise TaskError(f"Task '{task}': give data_dir or data_files, not both.")
        if isinstance(data_files, Mapping):
            for named in data_files:
                self._check_split(task, named)
            data_files = data_files.get(split)
        if data_files is not None:
            return existing_files(task, data_files)
        if data_dir is not None:
            return self._in_folder(task, split, Path(os.path.expanduser(data_dir)))
        if self.listed is not None:
            return existing_files(task, self.listed[self.splits[split]])
        if self.folder is None:
            return None
        folder = self.folder() if callable(self.folder) else self.folder
        return self._in_folder(task, split, folder)

    def identity(
        self,
        task: str,
        split: str,
        *,
        data_dir: str | os.PathLike[str] | None = None,
        data_files: Paths | Mapping[str, Paths] | None = None,
    ) -> dict[str, Any]:
        """Return plain values that name exactly the data behind `split`, whatever its path.

        Hub: {"hub", "config", "split", "commit"}. Files: {"sha256": [one a file, in order]}. A
        folder with pins: these and the split, without making the folder. "part" says which rows of
        them where the training set is shared out.
        """
        shares = self._shares(split, data_dir or data_files)
        part = {"part": shares.identity(split)} if shares else {}
        if self.pins is not None and data_dir is None and data_files is None:
            self._check_split(task, split)
            return {**self.pins(), "split": self.splits[split]}
        files = self.files(task, split, data_dir=data_dir, data_files=data_files)
        if files is None:
            if split in self.withheld:
                raise TaskError(
                    f"Task '{task}': the answers of its {split} split are withheld. {SCORE_ANOTHER}"
                )
            return {
                "hub": self.path,
                "config": self.config,
                "split": self.splits[split],
                "commit": self.revision,
                **part,
            }
        return {"sha256": [file_sha256(file) for file in files], **part}

    def _shares(self, split: str, replaced: Any) -> Shares | None:
        """How the rows of `split` are told from those of other splits, where they lie together."""
        together = self.splits.get(split) == self.splits.get("train")
        return self.shares if together and not replaced else None

    def _check_split(self, task: str, split: str) -> None:
        if split not in self.splits:
            raise TaskError(
                f"Task '{task}' has no split '{split}'.{nearest(split, self.splits)} "
                f"Known: {', '.join(self.splits)}."
            )

    def _from_hub(self, task: str, split: str) -> Dataset:
        import datasets

        try:
            return datasets.load_dataset(
                self.path,
                self.config,
                split=self.splits[split],
                revision=self.revision,
            )
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise TaskError(
                f"Task '{task}': cannot load {self.path} ({self.config or 'default'}) from the "
                f"hub: {reason}. Download it once where there is internet and give "
                "data_dir=FOLDER (docs/data.md, 'Hub data without internet')."
            ) from error

    def _in_folder(self, task: str, split: str, folder: Path) -> list[Path]:
        if not folder.is_dir():
            raise TaskError(f"Task '{task}': data folder {folder} does not exist.")
        joined = f"{self.path}/{self.config}" if self.path and self.config else None
        below = [name for name in (joined, self.path, self.config) if name]
        root = next((folder / name for name in below if (folder / name).is_dir()), folder)
        parts = self.splits[split].split("+")
        for stems in (parts, [split]):
            found = [_files_of(root, stem) for stem in stems]
            if all(found):
                return [file for files in found for file in files]
        wanted = " and ".join(f"'{part}.parquet'" for part in parts)
        raise TaskError(
            f"Task '{task}': no files of split '{split}' in {root}; expected {wanted} "
            f"(or {', '.join(ENDINGS)}; shards as '{parts[0]}-*.parquet' or in a folder "
            f"'{parts[0]}'). Found: {', '.join(sorted(os.listdir(root))[:10]) or 'nothing'}. "
            f"Looked for in {folder}: {', '.join([*below, 'the folder itself'])}."
        )


def described_source(split: str, identity: Mapping[str, Any], files: Sequence[Path]) -> Source:
    """Return the source of one split that `Source.identity` names; `files` are those it counts.

    Of a training set that is shared out it reads the rows of the split alone.
    """
    part = identity.get("part")
    shares = described_shares(part) if part else None
    theirs = identity.get("split", "rows")
    # The training set is named too where the split is a share of it.
    splits = {split: theirs, **({"train": theirs} if part else {})}
    if "hub" not in identity:
        return Source(splits=splits, listed={theirs: files}, shares=shares)
    return Source(
        splits=splits,
        path=identity["hub"],
        config=identity["config"],
        revision=identity["commit"],
        shares=shares,
    )


def of_prepared(data: Prepared, splits: Mapping[str, str] | None = None) -> Source:
    """Return prepared data as a source; `splits` says which file of it is which split."""
    files = splits or {split: split for split in ("train", "validation", "test")}
    return Source(folder=data.prepare, pins=data.identity, prepared=data, splits=files)


def read_files(task: str, files: Sequence[Path], fields: Iterable[str]) -> FileRows:
    """Return the rows of all files in order.

    Raises TaskError where a file cannot be read, holds no row, or its first one lacks a field.
    """
    rows = FileRows(files)
    for file in files:
        try:
            first = next(rows_of(file), None)
        except DataError as error:
            raise TaskError(f"Task '{task}': {error}") from error
        if first is None:
            raise TaskError(f"Task '{task}': file {file} cannot be read: it holds no example.")
        check_fields(task, f"file {file}", first, fields)
    return rows


def check_fields(task: str, place: str, features: Mapping[str, Any], fields: Iterable[str]) -> None:
    """Raise TaskError unless every field is among `features`.

    "a.b" is b inside a; "a.b|c" is satisfied by either.
    """
    for field in fields:
        ways = field.split("|")
        lacks = [missing_part(features, way) for way in ways]
        if all(lacks):
            part, found = lacks[0] or ("", [])
            close = difflib.get_close_matches(part, found, n=1, cutoff=0.4)
            raise TaskError(
                f"Task '{task}': {place} has no field '{ways[0]}'. Expected: '{part}'; found: "
                + (f"'{close[0]}' among " if close else "")
                + f"{', '.join(map(repr, found)) or 'no fields'}. Rename the field in the data."
            )


def missing_part(features: Any, field: str) -> tuple[str, list[str]] | None:
    """Return the first part of "a.b" that is not there and the names beside it; None if all is.

    `features` are those of a hub data set, or a row with its values.
    """
    known = features
    for part in field.split("."):
        # A list of records holds its fields one level down; a translation names languages.
        known = getattr(known, "feature", known)
        if isinstance(known, list):
            known = known[0] if known else None
        if known is None:
            return None  # each row without a value is complained of by itself
        if hasattr(known, "languages"):
            known = dict.fromkeys(known.languages)
        if not isinstance(known, Mapping):
            return part, []
        if part not in known:
            return part, list(known)
        known = known[part]
    return None


def _files_of(root: Path, stem: str) -> list[Path]:
    """Return `root`'s files of one split: stem.ext, shards stem-*.ext, or a folder stem/*.ext."""
    for ending in ENDINGS:
        if (root / f"{stem}{ending}").is_file():
            return [root / f"{stem}{ending}"]
    for pattern in (f"{escape(stem)}-*", f"{escape(stem)}/*"):
        shards = sorted(file for file in root.glob(pattern) if ending_of(file))
        # Dataset.save_to_disk leaves JSON notes beside its Arrow shards.
        shards = [f for f in shards if f.name not in ("state.json", "dataset_info.json")]
        if shards:
            return shards
    return []


def existing_files(task: str, paths: Paths) -> list[Path]:
    """Return the files of paths and patterns. Raises TaskError where there are none of one."""
    patterns = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files: list[Path] = []
    for item in [os.path.expanduser(path) for path in patterns]:
        # A file of this name is that file, whatever its characters; else it may be a pattern.
        pattern = has_magic(item) and not os.path.exists(item)
        matches = sorted(glob(item, recursive=True)) if pattern else [item]
        if not matches or not all(os.path.isfile(match) for match in matches):
            raise TaskError(f"Task '{task}': data file {item} does not exist.{nearest_path(item)}")
        files.extend(map(Path, matches))
    for file in files:
        if ending_of(file) is None:
            raise TaskError(
                f"Task '{task}': cannot tell the format of {file}; known: {', '.join(ENDINGS)}."
            )
    if not files:
        raise TaskError(f"Task '{task}': data_files is empty.")
    return files
