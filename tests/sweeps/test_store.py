"""The store: what is found, what is published, and what a user is told when it cannot be."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from pathlib import Path

import pytest

import sweeps.store
from sweeps.errors import StoreError
from sweeps.stage import Stage
from sweeps.store import Store, read_json, write_json


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty, prepared store."""
    store = Store(tmp_path / "store")
    store.prepare()
    return store


@pytest.fixture
def stage() -> Stage:
    """Any stage."""
    return Stage(name="corpus", version=1, config={"size": 3}, run="toy.work")


def make_out(store: Store, stage: Stage, generation: int, text: str) -> Path:
    """What a stage leaves to be published."""
    out = store.work(stage.key, generation) / "out"
    (out / "shards").mkdir(parents=True)
    (out / "shards" / "0.txt").write_text(text)
    (out / "stage.json").write_text("{}")
    return out


def test_a_published_stage_is_found_whole(store, stage):
    """All files appear under the final name, none stays in the work folder."""
    out = make_out(store, stage, 1, "one")
    assert store.find(stage) is None
    assert store.publish(stage.name, stage.key, out)
    found = store.find(stage)
    assert found == store.path / "corpus" / stage.key
    assert (found / "shards" / "0.txt").read_text() == "one"
    assert not out.exists()


def test_the_second_publisher_loses_politely(store, stage):
    """A place that is taken stays as it was."""
    store.publish(stage.name, stage.key, make_out(store, stage, 1, "one"))
    assert not store.publish(stage.name, stage.key, make_out(store, stage, 2, "two"))
    assert (store.find(stage) / "shards" / "0.txt").read_text() == "one"


def test_everything_is_synced_before_the_rename(store, stage, monkeypatch):
    """No byte of a stage may still be in memory when its final name appears."""
    out = make_out(store, stage, 1, "one")
    real_sync, real_rename, events = os.fsync, os.rename, []

    def note_sync(descriptor):
        events.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        real_sync(descriptor)

    def note_rename(source, target):
        events.append("rename")
        real_rename(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "rename", note_rename)
    store.publish(stage.name, stage.key, out)
    before, after = events[: events.index("rename")], events[events.index("rename") + 1 :]
    assert {out, out / "shards", out / "shards" / "0.txt", out / "stage.json"} <= set(before)
    assert store.path / "corpus" in after


def test_something_else_under_the_final_name_is_reported(store, stage):
    """A folder that is no finished stage is neither read as one nor overwritten."""
    (store.path / "corpus" / stage.key).mkdir(parents=True)
    (store.path / "corpus" / stage.key / "note.txt").write_text("mine")
    assert store.find(stage) is None
    with pytest.raises(StoreError, match="is in the way: it is no finished stage"):
        store.publish(stage.name, stage.key, make_out(store, stage, 1, "one"))


def test_finished_lists_stages_only(store, stage):
    """Work, leases, failures and specs are no stages."""
    store.publish(stage.name, stage.key, make_out(store, stage, 1, "one"))
    make_out(store, stage, 2, "two")
    store.write_spec(stage)
    assert [(name, key) for name, key, _ in store.finished()] == [("corpus", stage.key)]


def test_a_spec_comes_back_as_it_was(store, stage):
    """A job finds name, version, configuration, inputs and function by the key alone."""
    last = Stage(name="last", version=2, config={}, inputs={"x": stage}, run="toy.last")
    store.write_spec(last)
    assert store.read_spec(last.key) == json.loads(json.dumps(last.spec()))
    assert store.read_spec(last.key)["inputs"] == {"x": stage.key}


def test_a_spec_is_renewed_when_the_code_moved(store, stage):
    """The function's path is no part of the key: the newest is the one to run."""
    store.write_spec(stage)
    store.write_spec(Stage(name="corpus", version=1, config={"size": 3}, run="toy.moved"))
    assert store.read_spec(stage.key)["run"] == "toy.moved"


def test_an_unknown_key_is_answered_with_the_store(store):
    """A job in the wrong store says which store it looked in."""
    with pytest.raises(StoreError, match=rf"{store.path} has no specification of stage abc"):
        store.read_spec("abc")


def test_failures_are_kept_in_order_and_the_first_of_an_attempt_stays(store):
    """Attempt 10 comes after attempt 9, and nobody rewrites history."""
    for attempt in (10, 9):
        store.write_failure({"key": "k", "attempt": attempt, "error": f"e{attempt}"})
    store.write_failure({"key": "k", "attempt": 9, "error": "later"})
    assert [record["error"] for record in store.failures("k")] == ["e9", "e10"]
    assert store.forget_failures("k") == 2
    assert store.failures("k") == []


def test_earlier_work_is_newest_first(store):
    """Generation 10 resumes from 9 before 2; its own folder is not among them."""
    for generation in (2, 9, 10, 11):
        store.work("k", generation).mkdir(parents=True)
    assert [path.name for path in store.earlier_work("k", 10)] == ["9", "2"]


def test_json_is_replaced_as_a_whole(tmp_path, monkeypatch):
    """A write that dies in the middle leaves the old file and no rubbish."""
    write_json(tmp_path / "a.json", {"old": 1})

    def fail(source, target):
        raise OSError(errno.EIO, "cut off")

    monkeypatch.setattr(sweeps.store.os, "replace", fail)
    with pytest.raises(StoreError):
        write_json(tmp_path / "a.json", {"new": 1})
    assert read_json(tmp_path / "a.json") == {"old": 1}
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("text", ["", '{"cut', "[1]", "\0\0\0"])
def test_a_file_cut_off_by_a_crash_reads_as_none(tmp_path, text):
    """Half a JSON file is no JSON file."""
    (tmp_path / "a.json").write_text(text)
    assert read_json(tmp_path / "a.json") is None


def test_a_store_below_a_file_is_one_clear_message(tmp_path):
    """Where the store cannot be, the message names the path and what to type."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"Cannot write in the store: .*file.*store=PATH"):
        Store(tmp_path / "file" / "store").prepare()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, "No space left on device. Free space there, then run the same command"),
        (errno.EDQUOT, "Free space there"),
        (errno.EROFS, "Read-only file system. Choose a folder you may write with store=PATH"),
    ],
)
def test_what_the_system_refuses_is_one_clear_message(store, monkeypatch, number, text):
    """A full disk, a quota and a read-only file system each say what to do."""

    def refuse(descriptor):
        raise OSError(number, "refused")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError, match=text):
        store.prepare()
    assert list((store.path / "work").iterdir()) == []


def test_a_really_full_disk(tmp_path):
    """A file system without room gives the one message and no half-written record."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs root: run the tests with `sudo make test` to mount a small tmpfs")
    try:
        store = Store(small / "store")
        store.prepare()
        with pytest.raises(OSError, match="No space left"):
            (small / "filler").write_bytes(b"0" * 100_000)
        with pytest.raises(StoreError, match=r"No space left on device\. Free space there"):
            store.prepare()
        with pytest.raises(StoreError, match=r"No space left on device\. Free space there"):
            write_json(store.records.path("grid"), {"rows": ["x" * 5000]})
        assert store.records.all() == []
    finally:
        subprocess.run(["umount", str(small)], check=True)
