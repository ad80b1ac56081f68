"""One stage under a lease: what is published, what is kept of a failure, who may run."""

from __future__ import annotations

import errno
import json
import logging
import os
import platform
import subprocess
from dataclasses import asdict

import pytest

import sweeps.running.execute
from sweeps.errors import StoreError
from sweeps.lease import acquire, read_lease, this_process
from sweeps.running.context import StopRequest
from sweeps.running.execute import run_one
from sweeps.stage import Stage


@pytest.fixture
def run(store):
    """Write a stage's specification and run it here."""

    def call(stage, **options):
        for one in (stage, *stage.inputs.values()):
            store.write_spec(one)
        return run_one(store, stage.key, **options)

    return call


def test_a_stage_is_published_with_its_identity(store, toy, run):
    """The folder holds the stage's files, its log, and who made it from what."""
    a = toy.text("a")
    stage = toy.text("b", a)
    run(a)
    result = run(stage, threads=3)
    final = store.find(stage)
    assert result.state == "done"
    assert sorted(os.listdir(final)) == ["log.txt", "stage.json", "text.txt"]
    assert (final / "text.txt").read_text() == "b(a())"
    described = json.loads((final / "stage.json").read_text())
    assert described["schema"] == 1
    assert (described["name"], described["version"], described["key"]) == ("text", 1, stage.key)
    assert described["config"] == {"text": "b"}
    assert described["inputs"] == {"a": a.key}
    assert described["attempt"] == 1
    assert described["facts"] == {"length": 1}
    assert described["finished"] > described["started"]
    assert described["wall_seconds"] >= 0
    made = described["provenance"]
    assert made["python"] == platform.python_version()
    assert made["packages"]["pytest"] == pytest.__version__
    assert (made["threads"], made["device"], made["world_size"]) == (3, "cpu", 1)


def test_what_a_stage_prints_is_in_its_log(store, toy, run, capfd):
    """Python's prints, loggers and child processes; nothing of it on the screen."""
    (toy.folder / "loud_study.py").write_text(
        "import logging, os, sys\n"
        "def speak(config, inputs, out, context):\n"
        "    print('printed')\n"
        "    print('complained', file=sys.stderr)\n"
        "    os.system('echo from a child')\n"
        "    os.write(2, b'from C\\n')\n"
    )
    stage = toy.stage("text", "loud")
    object.__setattr__(stage, "run", "loud_study.speak")
    assert run(stage).state == "done"
    log = (store.find(stage) / "log.txt").read_text()
    assert log.split("\n") == ["printed", "complained", "from a child", "from C", ""]
    assert capfd.readouterr() == ("", "")
    print("back again")
    assert capfd.readouterr().out == "back again\n"


def test_a_handler_of_an_earlier_stage_writes_into_the_log_of_the_next(store, toy, run):
    """Lightning adds one where it is imported, which is within a stage."""
    (toy.folder / "logging_study.py").write_text(
        "import logging, sys\n"
        "log = logging.getLogger('a library')\n"
        "log.addHandler(logging.StreamHandler())\n"
        "def speak(config, inputs, out, context):\n"
        "    log.warning('said in %s', config['text'])\n"
    )
    logs = []
    for name in ("a", "b"):
        stage = toy.stage("text", "loud", text=name)
        object.__setattr__(stage, "run", "logging_study.speak")
        assert run(stage).state == "done"
        logs.append((store.find(stage) / "log.txt").read_text())
    assert logs == ["said in a\n", "said in b\n"]


def test_a_finished_stage_is_not_run_again(store, toy, run):
    """The second call finds it."""
    stage = toy.text("a")
    run(stage)
    before = os.stat(store.find(stage) / "stage.json")
    again = run(stage)
    assert (again.state, again.generation) == ("done", 0)
    assert os.stat(store.find(stage) / "stage.json") == before


def test_nothing_is_left_beside_a_finished_stage(store, toy, run):
    """Scratch is gone, the lease says it is free."""
    stage = toy.text("a")
    run(stage)
    assert os.listdir(store.path / "work") == []
    assert read_lease(store, stage.key).beat["state"] == "done"


def test_a_stage_that_raises_leaves_its_record(store, toy, run):
    """One line, type, traceback, and the log with the traceback; no final name."""
    stage = toy.stage("raises")
    result = run(stage)
    assert (result.state, result.kind) == ("failed", "error")
    assert result.reason == "ValueError: bad luck"
    assert store.find(stage) is None
    (record,) = store.failures(stage.key)
    assert (record["schema"], record["name"], record["key"]) == (1, "toy", stage.key)
    assert (record["attempt"], record["kind"], record["type"]) == (1, "error", "ValueError")
    assert record["error"] == "ValueError: bad luck"
    assert "in raises" in record["traceback"]
    log = (store.path / record["log"]).read_text()
    assert log.startswith("before the fall\nTraceback")
    assert "ValueError: bad luck\nsecond line" in log


def test_a_failed_stage_is_tried_again_by_the_next_call(store, toy, run):
    """Every attempt keeps its own record and log."""
    stage = toy.stage("raises")
    run(stage)
    assert run(stage).generation == 2
    assert [record["attempt"] for record in store.failures(stage.key)] == [1, 2]
    assert len({record["log"] for record in store.failures(stage.key)}) == 2


def test_a_failure_of_another_launcher_is_taken_as_the_answer(toy, run):
    """With `failures_known`, what failed since then is not tried a second time."""
    stage = toy.stage("raises")
    run(stage)
    result = run(stage, failures_known=0)
    assert (result.state, result.generation, result.reason) == (
        "failed",
        1,
        "ValueError: bad luck",
    )
    assert run(stage, failures_known=1).generation == 2


def test_an_exception_names_its_kind_of_failure(store, toy, run):
    """`failure_kind` of the exception is the record's kind."""
    stage = toy.stage("diverges")
    assert run(stage).kind == "diverged"
    assert store.failures(stage.key)[0]["kind"] == "diverged"


def test_a_function_that_is_not_there_is_a_failure_with_a_hint(toy, run):
    """The stage fails, the process lives."""
    stage = toy.stage("txt")
    assert run(stage).reason.startswith(
        "StageError: toy_study.txt: module toy_study has no function 'txt'. Did you mean 'text'? "
        "Known: count, deaf, "
    )


def test_a_stage_may_not_write_the_stores_own_file(toy, run):
    """stage.json is the store's word, not the study's."""
    (toy.folder / "rude_study.py").write_text(
        "def run(config, inputs, out, context):\n    (out / 'stage.json').write_text('{}')\n"
    )
    stage = toy.stage("text")
    object.__setattr__(stage, "run", "rude_study.run")
    assert "The stage wrote stage.json, a name kept" in run(stage).reason


def test_a_missing_input_skips(toy, run):
    """A job whose parent failed says which input is missing."""
    a = toy.text("a")
    result = run(toy.text("b", a))
    assert (result.state, result.reason) == ("skipped", f"its input a (text {a.key}) is missing")


def test_a_held_stage_is_elsewhere(store, toy, run):
    """No second process starts what a living one holds."""
    stage = toy.text("a")
    lease = acquire(store, stage.key)
    result = run(stage)
    assert (result.state, result.generation) == ("elsewhere", 1)
    assert result.reason == f"runs on {this_process().host}"
    lease.release("stopped")
    assert run(stage).state == "done"


def test_what_finished_between_the_look_and_the_lease_is_not_repeated(store, toy, run, monkeypatch):
    """Another process publishes and releases just before our lease: its work stands."""
    stage = toy.count("a", steps=2)
    real = sweeps.running.execute.acquire

    def late(*arguments, **keywords):
        monkeypatch.setattr(sweeps.running.execute, "acquire", real)
        assert run_one(store, stage.key).state == "done"
        return real(*arguments, **keywords)

    monkeypatch.setattr(sweeps.running.execute, "acquire", late)
    result = run(stage)
    assert (result.state, result.generation) == ("done", 0)
    assert [words[0] for words in toy.marks()] == ["from", "finished"]
    assert read_lease(store, stage.key).beat["state"] == "done"


def test_waiting_follows_a_holder_that_dies(store, toy, run, monkeypatch):
    """With `wait`, a job takes over when the beat stands still."""
    monkeypatch.setattr(sweeps.running.execute, "_WAIT_SECONDS", 0.05)
    stage = toy.text("a")
    folder = store.path / "leases" / stage.key
    folder.mkdir()
    (folder / "1").write_text(json.dumps({**asdict(this_process()), "host": "gone"}))
    result = run(stage, wait=True, lease_timeout=0.3)
    assert (result.state, result.generation) == ("done", 2)


def test_stopping_keeps_the_work_and_frees_the_stage(store, toy, run):
    """The checkpoint stays, the next attempt goes on from it."""
    stop = StopRequest()
    stage = toy.count("a", steps=50)

    def report(step, total, numbers):
        stop.make()

    stopped = run(stage, stop=stop, report=report)
    assert stopped.state == "stopped"
    saved = json.loads((store.work(stage.key, 1) / "last.ckpt").read_text())
    assert saved["step"] >= 1
    assert run(stage).state == "done"
    assert ["from", str(saved["step"])] in [words[:2] for words in toy.marks()]
    assert json.loads((store.find(stage) / "sum.json").read_text()) == {"sum": sum(range(50))}


def test_all_attempts_logs_are_published(store, toy, run):
    """A finished stage's log tells of the attempts before."""
    stop = StopRequest()
    stage = toy.count("a", steps=9)
    run(stage, stop=stop, report=lambda *_: stop.make())
    run(stage)
    text = (store.find(stage) / "log.txt").read_text()
    assert text.split("\n")[:2] == ["--- attempt 1", "--- attempt 2"]


def test_a_stop_before_the_start_starts_nothing(store, toy, run):
    """A request that came early is not forgotten."""
    stop = StopRequest()
    stop.make()
    stage = toy.text("a")
    assert run(stage, stop=stop).state == "stopped"
    assert read_lease(store, stage.key) is None


def test_progress_reaches_the_report_and_the_beat(store, toy, run):
    """The last step is always told, with its numbers."""
    stage = toy.count("a", steps=4)
    told = []
    run(stage, report=lambda *words: told.append(words))
    assert told[0] == (1, 4, {"loss": 1.0})
    assert told[-1] == (4, 4, {"loss": 0.25})
    beat = read_lease(store, stage.key).beat
    assert (beat["step"], beat["total"], beat["loss"]) == (4, 4, 0.25)


def test_old_checkpoints_of_a_stage_preempted_often_go(store, toy, run):
    """The two newest earlier checkpoints stay, also when newer attempts saved none; logs stay."""
    stage = toy.stage("raises")
    for generation in range(1, 6):
        work = store.work(stage.key, generation)
        work.mkdir(parents=True)
        (work / "log.txt").write_text("")
        if generation != 5:
            (work / "last.ckpt").write_text(str(generation))
        (store.path / "leases" / stage.key).mkdir(exist_ok=True)
        (store.path / "leases" / stage.key / str(generation)).write_text("{}")
    run(stage, dead=5)
    kept = [g for g in range(1, 6) if (store.work(stage.key, g) / "last.ckpt").exists()]
    assert kept == [3, 4]
    assert all((store.work(stage.key, g) / "log.txt").exists() for g in range(1, 6))


def take_over(store, key: str) -> None:
    """Another process' generation 2 of a stage."""
    other = {**asdict(this_process()), "token": "other"}
    (store.path / "leases" / key / "2").write_text(json.dumps(other))


def test_a_lost_stage_is_left_alone(store, toy, run):
    """Who lost its lease records no failure when the stage then raises."""
    stage = toy.stage("raises")
    result = run(stage, on_start=lambda lease: take_over(store, stage.key))
    assert result.state == "lost"
    assert store.failures(stage.key) == []


def test_a_lost_stage_publishes_nothing(store, toy, run):
    """Whole work of a former holder stays out of the final place."""
    stage = toy.text("whole")
    assert run(stage, on_start=lambda lease: take_over(store, stage.key)).state == "lost"
    assert store.find(stage) is None


def test_a_running_stage_leaves_when_its_beat_notices_the_loss(store, toy, run):
    """Without a checkpoint in sight, at the next question whether to stop; it saves nothing."""
    stage = toy.count("a", steps=10**6, every=10**9)
    result = run(stage, on_start=lambda lease: take_over(store, stage.key), lease_timeout=0.3)
    assert result.state == "lost"
    assert not (store.work(stage.key, 1) / "last.ckpt").exists()


def test_a_full_disk_in_a_stage_is_the_stores_error(store, toy, run):
    """No failure is laid to the stage: with room it would have gone on."""
    stage = toy.stage("full")
    with pytest.raises(StoreError, match=r"No space left on device\. Free space there, then run"):
        run(stage)
    assert store.failures(stage.key) == []
    assert store.find(stage) is None


@pytest.mark.parametrize("call", ["fsync", "rename", "replace"])
def test_a_disk_that_fills_while_publishing(store, toy, run, monkeypatch, call):
    """Wherever it happens: one clear error, nothing under the final name, later it works."""
    stage = toy.text("a")
    store.write_spec(stage)

    def refuse(*arguments, **keywords):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(StoreError, match="Free space there, then run the same command again"):
            run_one(store, stage.key)
    assert store.find(stage) is None
    assert list(store.finished()) == []
    assert run_one(store, stage.key, dead=1).state == "done"


def test_a_disk_that_is_really_full(tmp_path, toy):
    """On a file system of 1 MiB a stage that writes 2 MiB ends in the one message."""
    from sweeps.store import Store

    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs root: run the tests with `sudo make test` to mount a small tmpfs")
    try:
        (toy.folder / "big_study.py").write_text(
            "def run(config, inputs, out, context):\n"
            "    (out / 'big').write_bytes(b'0' * 2_000_000)\n"
        )
        store, stage = Store(small / "store"), toy.stage("text")
        object.__setattr__(stage, "run", "big_study.run")
        store.prepare()
        store.write_spec(stage)
        with pytest.raises(StoreError, match="No space left on device"):
            run_one(store, stage.key)
        assert list(store.finished()) == []
    finally:
        logging.shutdown()
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_facts_must_be_json(toy, run):
    """A fact that stage.json cannot hold fails the stage with its name."""
    (toy.folder / "odd_study.py").write_text(
        "def run(config, inputs, out, context):\n    context.record(flops=float('nan'))\n"
    )
    stage = toy.stage("text")
    object.__setattr__(stage, "run", "odd_study.run")
    assert "context.record(flops): not JSON" in run(stage).reason


@pytest.mark.parametrize("full", [True, False])
def test_a_full_disk_in_other_words_is_one(store, toy, monkeypatch, full):
    """A library in C++ says something else; then the disk itself is asked."""
    (toy.folder / "cpp.py").write_text(
        "def run(config, inputs, out, context):\n    raise RuntimeError('unexpected pos 64')\n"
    )
    stage = Stage(name="cpp", version=1, config={}, run="cpp.run")
    store.write_spec(stage)
    real = os.fsync

    def sync(descriptor):
        if full and ".probe-" in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    if full:
        with pytest.raises(StoreError, match="Free space there, then run the same command again"):
            run_one(store, stage.key)
        assert store.failures(stage.key) == []
    else:
        assert run_one(store, stage.key).reason == "RuntimeError: unexpected pos 64"
