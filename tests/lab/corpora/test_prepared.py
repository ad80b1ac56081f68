"""Data written once: whole or not at all, by one process, under a name that says what it is."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import pytest
from killing import first_worker_killed

from lab.corpora.build import prepare_data, with_dependencies
from lab.corpora.corpus import Corpus
from lab.corpora.prepared import Prepared
from lab.errors import DataError

# Writers that another process can import; each call leaves a line in a file.
TOY = """
    import os, pathlib, time

    def note(name):
        with open(os.environ["TOY_NOTES"], "a") as file:
            file.write(name + "\\n")

    def first():
        note("first")
        time.sleep(float(os.environ.get("TOY_PAUSE", "0")))
        return {"train": [{"text": "a"}, {"text": "bc"}], "test": [{"text": "d"}]}

    def second():
        note("second")
        return {"documents": [{"text": "e"}]}

    def nested():
        rows = [{"text": "abcde", "n": 7, "answers": {"texts": ["fg", "h"], "starts": [1, 2]}}]
        return {"train": rows}

    def broken():
        raise RuntimeError("half way")

    def nothing():
        return {"train": []}
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The module of writers, and an empty cache."""
    (tmp_path / "toy_writers.py").write_text(textwrap.dedent(TOY))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TOY_NOTES", str(tmp_path / "notes"))
    import toy_writers

    yield toy_writers
    del sys.modules["toy_writers"]


def notes(tmp_path) -> list[str]:
    """Which writers ran."""
    return (tmp_path / "notes").read_text().split()


def prepared(toy, name="first", **settings) -> Prepared:
    """Data of one of the toy writers."""
    return Prepared(name=name, version=1, write=getattr(toy, name), archives=(), **settings)


def test_rows_are_written_once(toy, tmp_path):
    """The second call reads what the first wrote."""
    data = prepared(toy)
    assert not data.ready()
    folder = data.prepare()
    assert data.ready()
    assert data.prepare() == folder
    assert notes(tmp_path) == ["first"]
    assert data.rows("train") == [{"text": "a"}, {"text": "bc"}]
    files = data.manifest()["files"]
    assert {stem: about["rows"] for stem, about in files.items()} == {"train": 2, "test": 1}
    assert files["train"]["characters"] == 3


def test_characters_of_nested_texts_are_counted(toy):
    """Lists of answers and fields within fields, but not the names of fields."""
    files = prepared(toy, "nested").manifest()["files"]
    assert files["train"]["characters"] == len("abcde") + len("fg") + len("h")


def test_hugging_face_datasets_reads_the_files(toy):
    """The files are plain Parquet for `datasets`."""
    import datasets

    files = [str(prepared(toy).prepare() / "train.parquet")]
    read = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
    assert list(read) == [{"text": "a"}, {"text": "bc"}]


def test_identity_is_known_before_anything_is_written(toy, tmp_path):
    """Naming the data builds nothing."""
    data = prepared(toy)
    identity = data.identity()
    # Code of another package, such as this test's, is known by its digest.
    assert len(identity.pop("source")) == 64
    assert identity == {"data": "first", "version": 1}
    assert not (tmp_path / "notes").exists()


def test_new_version_gets_a_new_folder(toy):
    """What an older version wrote is never read for a newer one."""
    data = prepared(toy)
    data.prepare()
    newer = replace(data, version=2)
    assert newer.folder != data.folder
    assert not newer.ready()


def test_changed_code_gets_a_new_folder(toy, monkeypatch):
    """The folder also follows the code that writes, and the identity does not."""
    data = prepared(toy)
    before, identity = data.folder, data.identity()
    monkeypatch.setattr("lab.corpora.prepared.code_digest", lambda module: "changed")
    assert data.folder != before
    assert data.identity() == identity


def test_dependency_is_part_of_the_identity(toy):
    """Data that was cleaned of other data is another when that changes."""
    first = prepared(toy)
    second = prepared(toy, "second", after=(first,))
    newer = replace(second, after=(replace(first, version=2),))
    assert second.digest() != newer.digest()


def test_identity_names_installed_packages(toy):
    """Data read from installed packages says which versions."""
    import pandas

    data = prepared(toy, packages=("pandas",))
    assert data.identity()["packages"] == {"pandas": pandas.__version__}


def test_package_that_is_not_installed_is_named(toy):
    """A missing package is one clear error."""
    with pytest.raises(DataError, match="no-such-package is not installed"):
        prepared(toy, packages=("no-such-package",)).identity()


def test_failure_leaves_nothing(toy, tmp_path):
    """A writer that raises leaves no folder and no part of one."""
    data = prepared(toy, "broken")
    with pytest.raises(RuntimeError, match="half way"):
        data.prepare()
    assert [p for p in (tmp_path / "cache" / "data").iterdir() if p.suffix != ".lock"] == []


def test_empty_file_is_an_error(toy):
    """A reader that finds nothing found an archive that it does not know."""
    with pytest.raises(DataError, match=r"Nothing to write to train\.parquet"):
        prepared(toy, "nothing").prepare()


def test_dependencies_come_first(toy):
    """The order of building puts each after what it comes after, each once."""
    first = prepared(toy)
    second = prepared(toy, "second", after=(first,))
    assert with_dependencies([second, first, second]) == [first, second]


def test_two_workers_build_everything(toy, tmp_path):
    """Processes of their own build the data, each after its dependencies, with progress."""
    first = prepared(toy)
    second = prepared(toy, "second", after=(first,))
    other = replace(first, name="other")
    calls = []
    prepare_data([second, other], lambda *call: calls.append(call), workers=2)
    assert second.ready()
    assert other.ready()
    assert sorted(notes(tmp_path)) == ["first", "first", "second"]
    assert calls[0] == ("building data sets", 0, 3)
    assert calls[-1][1:] == (3, 3)


def test_failure_of_a_worker_is_raised(toy):
    """An error in another process arrives as what it is."""
    both = [prepared(toy, "broken"), prepared(toy, "second")]
    with pytest.raises(RuntimeError, match="half way"):
        prepare_data(both, workers=2)


def test_a_killed_worker_is_told_and_what_was_built_stays(toy):
    """The next call builds the rest."""
    both = [prepared(toy), prepared(toy, "second")]
    killed = pytest.raises(DataError, match=r"worker process was killed.* same command again")
    with first_worker_killed(), killed:
        prepare_data(both, workers=2)
    prepare_data(both, workers=2)
    assert all(data.ready() for data in both)


PREPARE = """
import toy_writers
from lab.corpora.prepared import Prepared
data = Prepared(name="first", version=1, write=toy_writers.first, archives=())
assert (data.prepare() / "train.parquet").is_file()
"""


def test_killed_build_is_never_taken_for_a_whole_one(toy, tmp_path, monkeypatch):
    """After kill -9 in the middle nothing is ready, and the next call writes it whole."""
    monkeypatch.setenv("TOY_PAUSE", "60")
    process = subprocess.Popen([sys.executable, "-c", PREPARE])
    deadline = time.monotonic() + 20
    while not (tmp_path / "notes").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    data = prepared(toy)
    assert not data.ready()
    monkeypatch.setenv("TOY_PAUSE", "0")
    data.prepare()
    assert json.loads((data.folder / "manifest.json").read_text())["identity"] == data.identity()
    folders = [p for p in data.folder.parent.iterdir() if p.suffix != ".lock"]
    assert folders == [data.folder]


def test_two_processes_build_once(toy, tmp_path, monkeypatch):
    """The second waits for the first and reads what it wrote."""
    monkeypatch.setenv("TOY_PAUSE", "0.5")
    both = [subprocess.Popen([sys.executable, "-c", PREPARE]) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert notes(tmp_path) == ["first"]


def test_cache_that_cannot_be_written_is_named(toy, tmp_path, monkeypatch):
    """The message says how to choose another folder."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="Set T5STUDY_CACHE to a folder"):
        prepared(toy).prepare()


@pytest.mark.parametrize("damage", [lambda whole: whole[:100], lambda whole: b"PAR1xxxxPAR1"])
def test_a_damaged_corpus_says_how_it_is_made_anew(toy, damage):
    """The file, what is wrong with it, and what to type."""
    data = prepared(toy, "second")
    corpus = Corpus(name="toys", description="", licence="", approximate_tokens=1, data=data)
    folder = corpus.prepare()
    file = folder / "documents.parquet"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DataError) as raised:
        list(corpus.documents())
    said = str(raised.value)
    assert said.startswith(f"{file} is damaged: sha256 ")
    assert f". Delete the folder {folder} and run the same command again" in said


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("name", ["train.parquet", "test.parquet"])
def test_one_flipped_bit_is_refused(toy, name, place):
    """Wherever it is, and by every way to the rows; written anew, the data is read again."""
    data = prepared(toy)
    folder = data.prepare()
    content = bytearray((folder / name).read_bytes())
    content[int(place * len(content))] ^= 1
    (folder / name).write_bytes(content)
    for read in (data.prepare, lambda: data.rows("train"), data.manifest):
        with pytest.raises(DataError, match=rf"{name} is damaged: sha256 .*Delete the folder"):
            read()
    shutil.rmtree(folder)
    assert data.rows("train") == [{"text": "a"}, {"text": "bc"}]


@pytest.mark.parametrize("manifest", ["", "{}", "[]", '{"files": {"train": {}}}', "\x00"])
def test_damaged_manifest_is_refused(toy, manifest):
    """Without it nothing says what the files should hold."""
    data = prepared(toy)
    folder = data.prepare()
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(DataError, match=r"manifest.json is damaged. Delete the folder"):
        data.rows("train")


def test_missing_file_is_refused(toy):
    """A folder that lost a file is not whole, though its manifest is there."""
    data = prepared(toy)
    (data.prepare() / "test.parquet").unlink()
    with pytest.raises(DataError, match=r"test.parquet: No such file or directory"):
        data.rows("train")
