"""`gc` beside what lives: imports, scratch of others, and runs that begin while it works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from sweeps.graph import Graph
from sweeps.lease import acquire, in_use, scratch, this_process
from sweeps.running.execute import run_one
from sweeps.stage import Stage
from sweeps.store import Store, write_json
from sweeps.verbs import garbage
from sweeps.verbs.garbage import find_garbage, remove


def record(*targets: Stage) -> dict:
    """The least that is a record of a sweep."""
    stages = Graph(targets).stages
    return {"rows": [], "stages": {key: {"name": one.name} for key, one in stages.items()}}


@pytest.fixture
def old(store, toy) -> Stage:
    """A finished stage that no record names, in a store that has one."""
    kept, old = toy.text("kept"), toy.text("old")
    for stage in (kept, old):
        store.write_spec(stage)
        run_one(store, stage.key)
    write_json(store.records.path("kept"), record(kept))
    return old


def places(store: Store) -> set[str]:
    """What gc would remove, by its place in the store."""
    return {str(one.path.relative_to(store.path)) for one in find_garbage(store)}


def test_scratch_of_a_living_process_stays(store, old):
    """Whatever it is for; once its process has left, nothing of it is there."""
    with scratch(store, "import") as folder:
        (folder / "half").write_text("half of a stage")
        assert not any(".import-" in place for place in places(store))
        remove(store, find_garbage(store))
        assert (folder / "half").read_text() == "half of a stage"
    assert [name for name in os.listdir(store.path / "work") if name.startswith(".")] == []
    assert [name for name in os.listdir(store.path / "leases") if name.startswith(".")] == []


def test_scratch_of_a_process_that_died_goes(store, old):
    """At once on this machine, as its death can be proved."""
    code = (
        "import os, sys; from sweeps.store import Store; from sweeps.lease import scratch\n"
        "with scratch(Store(sys.argv[1]), 'import'): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(store.path)], check=False)
    assert len([place for place in places(store) if ".import-" in place]) == 2


def test_a_process_that_stands_still_is_alive(store, old):
    """A disk that hangs for minutes stops the beats too; what it works in stays."""
    lease = acquire(store, old.key)
    lease.release("stopped")
    folder = store.path / "leases" / ".import-1"
    folder.mkdir()
    (folder / "1").write_text(json.dumps(asdict(this_process())))
    (folder / "1.beat").write_text(json.dumps({"count": 3, "state": "running"}))
    (store.path / "work" / ".import-1").mkdir()
    past = time.time() - 3000
    os.utime(folder / "1.beat", (past, past))
    assert in_use(store, ".import-1")
    assert not any(".import-1" in place for place in places(store))


@pytest.mark.parametrize("name", [".import-ab", ".record-ab", ".probe-ab", ".trash-ab"])
def test_scratch_of_an_older_version_stays_while_it_is_fresh(store, old, name):
    """It has no lease: what was written within the hour may be in use."""
    path = store.path / "work" / name
    path.write_text("x")
    assert f"work/{name}" not in places(store)
    past = time.time() - 7200
    os.utime(path, (past, past))
    assert f"work/{name}" in places(store)


def test_a_beat_is_as_old_as_the_disk_says(store, old, monkeypatch):
    """A host whose clock is hours ahead takes nobody for dead."""
    lease = acquire(store, old.key, timeout=60)
    while not (store.path / "leases" / old.key / "1.beat").exists():
        time.sleep(0.01)
    other = {**asdict(this_process()), "host": "elsewhere", "token": lease._token}
    (store.path / "leases" / old.key / str(lease.generation)).write_text(json.dumps(other))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 5 * 3600)
    assert in_use(Store(store.path), old.key)
    lease.release("stopped")


@pytest.mark.parametrize("when", ["before the look", "after the look"])
def test_a_run_that_has_begun_keeps_what_it_needs(store, old, monkeypatch, when):
    """Its record names the stage by the time that gc would remove it, or has just moved it."""
    found = find_garbage(store)
    assert old.key in {one.key for one in found}
    if when == "before the look":
        write_json(store.records.path("new"), record(old))
    else:
        real = os.rename

        def rename(source, target):
            real(source, target)
            if str(source) == str(store.place(old.name, old.key)):
                write_json(store.records.path("new"), record(old))

        monkeypatch.setattr(garbage.os, "rename", rename)
    remove(store, found)
    monkeypatch.undo()
    assert (store.find(old) / "text.txt").read_text() == "old()"
    assert store.read_spec(old.key)["name"] == "text"
    assert find_garbage(store) == [] or all(one.finished for one in find_garbage(store))


def test_a_stage_that_begins_keeps_what_it_works_in(store, old, toy):
    """Between the look and the removal another process has taken its lease."""
    new = toy.text("new", old)
    store.write_spec(new)
    found = find_garbage(store)
    lease = acquire(store, new.key)
    removed = remove(store, found)
    assert store.spec_path(new.key).exists()
    assert store.find(old) is not None
    assert [one.what for one in removed if one.key in (new.key, old.key)] == ["leases"]
    lease.release("stopped")


def test_leftovers_of_a_finished_stage_stay_once_it_is_none(store, toy):
    """`retry` has moved it away, and what would be removed is what it goes on from."""
    stage = toy.text("one")
    store.write_spec(stage)
    run_one(store, stage.key)
    write_json(store.records.path("one"), record(stage))
    (store.work(stage.key, 1)).mkdir(parents=True)
    found = find_garbage(store)
    assert {one.what for one in found} == {"work", "leases"}
    os.rename(store.place("text", stage.key), store.path / "work" / ".damaged-x")
    assert remove(store, found) == []
