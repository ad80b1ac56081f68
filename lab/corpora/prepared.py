"""Data written once from pinned archives as Parquet files, in a folder that says what it holds."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from lab.by_content import file_sha256
from lab.cache import MOVE_IT, cache_folder
from lab.corpora.archives import ARCHIVES, content_of, fetch_all
from lab.errors import DataError
from lab.sources import source_sha256

logger = logging.getLogger(__name__)

Rows = Sequence[Mapping[str, Any]]

MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A set of Parquet files made from archives by one function, built when first needed."""

    name: str
    version: int
    """Raised when `write` comes to give other rows; another package's code enters by itself."""
    write: Callable[[], Mapping[str, Rows]]
    """File stem -> rows; a function of a module, so that another process can call it."""
    archives: tuple[str, ...]
    """Names of the archives that `write` reads."""
    packages: tuple[str, ...] = ()
    """Installed distributions whose source files `write` reads."""
    after: tuple[Prepared, ...] = ()
    """Other data that decides what is written here."""

    def identity(self) -> dict[str, Any]:
        """Return plain values that name the content exactly, without building anything."""
        made: dict[str, Any] = {"data": self.name, "version": self.version}
        if self.archives:
            made["archives"] = {n: content_of(ARCHIVES[n]) for n in self.archives}
        if self.packages:
            made["packages"] = {name: _version(name) for name in self.packages}
        if not self.write.__module__.startswith("lab."):
            made["source"] = source_sha256(self.write.__module__)
        if self.after:
            made["after"] = {other.name: other.digest() for other in self.after}
        return made

    def digest(self) -> str:
        """Return a short hash of the identity."""
        text = json.dumps(self.identity(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def folder(self) -> Path:
        """Where the files lie in the cache; other archives or other code give another folder."""
        code = code_digest(getattr(sys.modules[self.write.__module__], "__file__", None))
        return cache_folder() / "data" / f"{self.name}-{self.digest()}-{code}"

    def ready(self) -> bool:
        """Return whether the files are there, whole."""
        return (self.folder / MANIFEST).is_file()

    def manifest(self) -> dict[str, Any]:
        """Return {"identity", "files": {stem: {"rows", "characters", "sha256", "file_sha256"}}}.

        sha256 is that of the rows as JSON, which does not depend on how Parquet packs them, as
        file_sha256 does. Raises DataError as `prepare` does.
        """
        return self._manifest(self.prepare())

    def _manifest(self, folder: Path) -> dict[str, Any]:
        try:
            manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
            if {about["file_sha256"] for about in manifest["files"].values()}:
                return manifest
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            pass
        raise DataError(f"{folder / MANIFEST} is damaged. {self._remedy(folder)}")

    def _remedy(self, folder: Path) -> str:
        return f"Delete the folder {folder} and run the same command again: it is written anew."

    def check(self, folder: Path) -> Path:
        """Return the folder where its files hold what was written; a file is read once a process.

        Raises DataError with the file that is missing or has other content, and what to type.
        """
        for stem, about in self._manifest(folder)["files"].items():
            file = folder / f"{stem}.parquet"
            try:
                found = file_sha256(file)
            except OSError as error:
                reason = error.strerror or error
                raise DataError(f"{file}: {reason}. {self._remedy(folder)}") from error
            if found != about["file_sha256"]:
                raise DataError(
                    f"{file} is damaged: sha256 {found}, written was {about['file_sha256']}. "
                    f"{self._remedy(folder)}"
                )
        return folder

    def rows(self, stem: str) -> list[dict[str, Any]]:
        """Return the rows of one file."""
        import pyarrow.parquet as pq

        return pq.read_table(self.prepare() / f"{stem}.parquet").to_pylist()

    def prepare(self) -> Path:
        """Return the folder, fetching and writing first what is not there.

        The folder appears by one rename. Raises DataError as `archives.fetch` and `check` do.
        """
        from filelock import FileLock

        if self.ready():
            return self.check(self.folder)
        for other in self.after:
            other.prepare()
        fetch_all(ARCHIVES[name] for name in self.archives)
        # Only now: what came may be another version than the pinned one.
        folder = self.folder
        with _disk_errors(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{folder}.lock"):
                if not self.ready():
                    self._build(folder)
        return folder

    def _build(self, folder: Path) -> None:
        for left_over in folder.parent.glob(f"{folder.name}.part-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        part = Path(tempfile.mkdtemp(prefix=f"{folder.name}.part-", dir=folder.parent))
        try:
            made = self.write()
            files = {stem: _write(part / f"{stem}.parquet", rows) for stem, rows in made.items()}
            manifest = part / MANIFEST
            manifest.write_text(json.dumps({"identity": self.identity(), "files": files}, indent=1))
            _sync(manifest)
            part.chmod(0o755)
            os.rename(part, folder)
            logger.info("Built %s.", folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


PACKAGE = Path(__file__).parents[1]
REGISTRY = (PACKAGE / "corpora" / "registry", PACKAGE / "datasets" / "registry")
"""The code behind the data that is fetched only when asked for."""
CORRECTION = (PACKAGE / "datasets" / "correction",)
"""The code behind the pairs of wrong and right sentences."""


@functools.cache
def code_digest(module: str | None = None) -> str:
    """Return a short hash of the code that turns archives into rows.

    It only names the folder: after any change to the code the files are written again. What an
    identity says of a change is its version. Code of REGISTRY or CORRECTION counts only where
    `module`, the file of the writing function, is there: the embedded data do not depend on it.
    """
    files = [PACKAGE / "corpora" / name for name in ("embedded.py", "held_out.py", "prepared.py")]
    files += sorted((PACKAGE / "datasets" / "embedded").glob("*.py"))
    for folders in (REGISTRY, CORRECTION):
        if module and Path(module).parent in folders:
            files += [file for folder in folders for file in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


@functools.cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        raise DataError(f"Package {package} is not installed. Type: make install") from None


def _write(path: Path, rows: Rows) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not rows:
        raise DataError(f"Nothing to write to {path.name}: an archive holds other data than known.")
    pq.write_table(pa.Table.from_pylist(list(rows)), path, compression="zstd")
    _sync(path)
    text = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    characters = sum(map(_characters, rows))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return {
        "rows": len(rows),
        "characters": characters,
        "sha256": digest,
        "file_sha256": file_sha256(path),
    }


def _characters(value: Any) -> int:
    """Characters of the texts in a value, nested ones too, without the names of fields."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list | tuple) else 0


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"Cannot write {folder}: {error.strerror or error}. {MOVE_IT}") from error
