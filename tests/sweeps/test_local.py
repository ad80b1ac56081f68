"""A graph on this machine: order, failures, workers that die, Ctrl-C, other launchers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

import sweeps.hardware.slots
from sweeps.errors import StoreError, SweepError
from sweeps.graph import Graph
from sweeps.lease import read_lease, this_process
from sweeps.running.local import run_local
from sweeps.running.progress import NoProgress
from sweeps.stage import Cost, Stage
from sweeps.store import Store


@pytest.fixture
def run(store, toy):
    """Run targets here without a display."""

    def call(*targets, **options):
        return run_local(Graph(targets), store, progress=False, **options)

    return call


def test_a_graph_is_run_inputs_first(run, store, toy):
    """Every stage reads what its inputs wrote."""
    a = toy.text("a")
    b, c = toy.text("b", a), toy.text("c", a)
    d = toy.text("d", b, c)
    outcome = run(d)
    assert outcome.status == 0
    assert (store.find(d) / "text.txt").read_text() == "d(b(a()),c(a()))"
    assert outcome.ran == {a.key, b.key, c.key, d.key}


def test_a_second_run_finds_everything(run, toy):
    """Nothing is started when all is there."""
    stage = toy.text("a")
    run(stage)
    again = run(stage)
    assert (again.status, again.ran) == (0, frozenset())


def test_what_nobody_reads_any_more_is_not_run(run, store, toy):
    """A missing ancestor of a finished target stays missing."""
    import shutil

    a = toy.text("a")
    b = toy.text("b", a)
    run(b)
    shutil.rmtree(store.find(a))
    assert run(b).ran == frozenset()


def test_a_failure_stops_only_what_needs_it(run, store, toy):
    """The others finish; the skipped ones say why; the status is 1."""
    bad = toy.stage("raises", "bad")
    child = toy.text("child", bad)
    grandchild = toy.text("grandchild", child)
    good = toy.text("good", toy.text("parent"))
    outcome = run(grandchild, good)
    assert outcome.status == 1
    assert outcome.states == {
        bad.key: "failed",
        child.key: "skipped",
        grandchild.key: "skipped",
        good.key: "done",
        toy.text("parent").key: "done",
    }
    log = store.work(bad.key, 1) / "log.txt"
    assert outcome.reasons[bad.key] == f"ValueError: bad luck (log: {log})"
    assert outcome.reasons[grandchild.key] == f"needs bad {bad.key[:8]}, which failed"


def test_a_worker_that_is_killed_twice_fails_its_stage(run, store, toy):
    """SIGKILL is recorded as `killed`, other stages go on in a new worker."""
    stage = toy.stage("kills", journal=str(toy.journal))
    outcome = run(stage, toy.text("good"), slots=1)
    assert outcome.states == {stage.key: "failed", toy.text("good").key: "done"}
    assert len(toy.marks()) == 2
    (record,) = store.failures(stage.key)
    assert (record["kind"], record["attempt"]) == ("killed", 2)
    assert record["error"] == ("its process was killed by SIGKILL (often: out of memory), 2 times")


def test_a_worker_that_is_killed_once_is_replaced(run, store, toy):
    """The second attempt is not counted against the stage."""
    stage = toy.stage("kills_once", journal=str(toy.journal))
    assert run(stage).status == 0
    assert (store.find(stage) / "text.txt").read_text() == "attempt 2"
    assert store.failures(stage.key) == []


def test_a_diverged_stage_is_not_tried_again(run, store, toy):
    """The second run takes the first one's word and names it."""
    stage = toy.stage("diverges")
    run(stage)
    again = run(stage, toy.text("child", stage))
    assert again.states[stage.key] == "failed"
    assert again.reasons[stage.key] == (
        "Diverged: loss is nan (diverged, so not retried; "
        f"`python -m sweeps retry {stage.key[:8]}` lets it be tried again)"
    )
    assert len(store.failures(stage.key)) == 1


def test_another_failure_is_tried_again_by_the_next_run(run, store, toy):
    """What failed by accident gets its chance."""
    stage = toy.stage("raises")
    run(stage)
    run(stage)
    assert len(store.failures(stage.key)) == 2


def test_workers_have_the_threads_they_are_told(run, store, toy):
    """Environment and context agree."""
    (toy.folder / "thread_study.py").write_text(
        "import os\n"
        "def run(config, inputs, out, context):\n"
        "    told = os.environ['OMP_NUM_THREADS']\n"
        "    (out / 'text.txt').write_text(f'{context.threads} {told}')\n"
    )
    stage = Stage(name="t", version=1, config={}, run="thread_study.run")
    run(stage, slots=1, threads=2)
    assert (store.find(stage) / "text.txt").read_text() == "2 2"


def test_a_stage_that_reads_stdin_meets_no_protocol(run, store, toy):
    """stdin is empty, stdout is the log."""
    (toy.folder / "reader_study.py").write_text(
        "import os, sys\n"
        "def run(config, inputs, out, context):\n"
        "    (out / 'text.txt').write_text(repr(sys.stdin.read()))\n"
        '    os.write(1, b\'{"event": "nonsense"}\')\n'
    )
    stage = Stage(name="t", version=1, config={}, run="reader_study.run")
    assert run(stage).status == 0
    assert (store.find(stage) / "text.txt").read_text() == "''"


def test_a_full_disk_stops_everything_with_one_message(run, store, toy):
    """The first stage that finds the disk full ends the run; what runs elsewhere saves."""
    slow = toy.count("slow", steps=10_000)
    with pytest.raises(StoreError, match=r"No space left on device\. Free space there"):
        run(toy.stage("full", journal=str(toy.journal)), slow, slots=2)
    assert store.find(slow) is None
    assert list(store.finished()) == []
    assert (store.work(slow.key, 1) / "last.ckpt").exists()


def test_an_unwritable_store_is_known_before_anything_starts(toy, tmp_path):
    """No worker, one message."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"Cannot write in the store.*store=PATH"):
        run_local(Graph([toy.text("a")]), Store(tmp_path / "file"), progress=False)
    assert toy.marks() == []


def needs_disk(name: str, size: int) -> Stage:
    """A stage that expects to write so many bytes."""
    cost = Cost(disk_bytes=size)
    return Stage(name="text", version=1, config={"text": name}, run="toy_study.text", cost=cost)


def test_a_stage_that_cannot_fit_the_disk_is_known_before_anything_starts(run, store, toy):
    """The free space and what the stage expects to write are told; nothing ran."""
    good = toy.text("good")
    with pytest.raises(StoreError, match=r"free, and one stage alone writes about 5\.0 EB\. Free"):
        run(needs_disk("big", 5 * 10**18), good)
    assert store.find(good) is None


def test_stages_that_together_may_fill_the_disk_are_warned_of(store, toy):
    """An estimate that may be wrong stops nobody."""
    said = []

    class Told(NoProgress):
        def say(self, text: str) -> None:
            said.append(text)

    part = int(store.free_bytes() * 0.7)
    graph = Graph([needs_disk("one", part), needs_disk("two", part)])
    assert run_local(graph, store, progress=Told()).status == 0
    assert len(said) == 1
    assert said[0].endswith("the disk may fill before the end.")


def test_workers_that_do_not_start_are_reported(run, store, toy):
    """A broken environment is one message with Python's last word."""
    (toy.folder / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'sweeps.running.worker' in sys.orig_argv:\n    sys.exit('broken environment')\n"
    )
    with pytest.raises(SweepError, match=r"A worker process does not start: .*broken environment"):
        run(toy.text("a"))


def test_a_fork_that_outlives_its_worker_does_not_hide_the_death(run, store, toy):
    """A grandchild holds the worker's pipes open; the death is seen all the same."""
    (toy.folder / "fork_study.py").write_text(
        "import os, signal, time\n"
        "def run(config, inputs, out, context):\n"
        "    if context.attempt == 1:\n"
        "        child = os.fork()\n"
        "        if child == 0:\n"
        "            time.sleep(600)\n"
        "            os._exit(0)\n"
        "        (context.work / 'child').write_text(str(child))\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    child = int((context.earlier[0] / 'child').read_text())\n"
        "    (out / 'child').write_text(str(child))\n"
    )
    stage = Stage(name="t", version=1, config={}, run="fork_study.run")
    assert run(stage).status == 0
    # Still there to be killed: the run did not wait for the end of its pipes.
    os.kill(int((store.find(stage) / "child").read_text()), signal.SIGKILL)


def test_a_stage_held_elsewhere_is_waited_for(run, store, toy):
    """While another launcher has it nothing is started twice; its result is ours."""
    stage = toy.count("slow", steps=200)
    other = toy.launch([stage], store, progress=False)
    toy.until(lambda: read_lease(store, stage.key) is not None)
    outcome = run(toy.text("child-free"), stage)
    assert other.wait(60) == 0
    assert outcome.status == 0
    assert outcome.ran == {toy.text("child-free").key}
    assert [words[0] for words in toy.marks()] == ["from", "finished"]


def test_a_failure_elsewhere_is_a_failure_here(run, store, toy):
    """Two launchers ask for a stage that raises: it raises once."""
    stage = toy.stage("raises", "bad", toy.count("slow", steps=100))
    other = toy.launch([stage], store, progress=False)
    toy.until(toy.marks)
    outcome = run(stage)
    assert other.wait(60) == 1
    assert outcome.states[stage.key] == "failed"
    log = store.work(stage.key, 1) / "log.txt"
    assert outcome.reasons[stage.key] == f"ValueError: bad luck (log: {log})"
    assert len(store.failures(stage.key)) == 1


def test_a_silent_holder_elsewhere_is_replaced_after_the_timeout(run, store, toy):
    """A lease of another host whose beat stands still; not before the timeout is over."""
    stage = toy.text("a")
    folder = store.path / "leases" / stage.key
    folder.mkdir()
    holder = {**asdict(this_process()), "host": "gone", "token": "t"}
    (folder / "1").write_text(json.dumps(holder))
    (folder / "1.beat").write_text(json.dumps({"count": 5, "state": "running"}))
    began = time.monotonic()
    assert run(stage, lease_timeout=1.5).status == 0
    assert time.monotonic() - began >= 1.5
    assert read_lease(store, stage.key).generation == 2


def test_ctrl_c_saves_and_stops(store, toy):
    """Status 130, checkpoints written, leases free, no process left."""
    stages = [toy.count(name, steps=10**6, every=10**9) for name in "abc"]
    first = toy.launch(stages, store, slots=2)
    toy.until(lambda: len(toy.marks()) >= 2)
    os.killpg(first.pid, signal.SIGINT)
    _, said = first.communicate(timeout=60)
    assert first.returncode == 130
    assert "Stopping: 2 stages save. Ctrl-C again kills." in said
    assert "0/3 stages done, 2 stopped in the middle, 1 not begun, " in said
    assert toy.living(first.pid) == []
    for stage in stages[:2]:
        assert json.loads((store.work(stage.key, 1) / "last.ckpt").read_text())["step"] > 0
        assert read_lease(store, stage.key).beat["state"] == "stopped"


def test_sigterm_stops_as_ctrl_c_does(store, toy):
    """A plain kill of the launcher alone saves too."""
    stage = toy.count("a", steps=10**6, every=10**9)
    first = toy.launch([stage], store)
    toy.until(toy.marks)
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 130
    assert (store.work(stage.key, 1) / "last.ckpt").exists()


def test_a_second_ctrl_c_kills(store, toy):
    """A stage that does not answer is ended by the second one, at once."""
    stage = toy.stage("deaf", journal=str(toy.journal))
    first = toy.launch([stage], store)
    toy.until(toy.marks)
    os.killpg(first.pid, signal.SIGINT)
    time.sleep(0.3)
    assert first.poll() is None
    os.killpg(first.pid, signal.SIGINT)
    assert first.wait(60) == 130
    assert toy.living(first.pid) == []


def test_a_deaf_stage_ends_by_itself_after_a_grace(store, toy):
    """A stage that never asks is ended under Ctrl-C, its lease free."""
    stage = toy.stage("deaf", journal=str(toy.journal))
    with (toy.folder / "toy_study.py").open("a") as module:
        module.write("\nsys.modules['__main__'].STOP_GRACE = 0.5\n")
    first = toy.launch([stage], store)
    toy.until(toy.marks)
    os.killpg(first.pid, signal.SIGINT)
    assert first.wait(60) == 130
    assert read_lease(store, stage.key).beat["state"] == "stopped"


def test_workers_leave_when_the_launcher_is_killed(store, toy):
    """The end of the pipe is an order to save and stop."""
    stage = toy.count("a", steps=10**6, every=10**9)
    first = toy.launch([stage], store)
    toy.until(toy.marks)
    first.kill()
    first.wait()
    toy.until(lambda: toy.living(first.pid) == [])
    assert read_lease(store, stage.key).beat["state"] == "stopped"
    assert json.loads((store.work(stage.key, 1) / "last.ckpt").read_text())["step"] > 0


def test_a_job_runs_from_store_and_key_alone(store, toy):
    """`python -m sweeps.worker --store S --key K` finds all it needs; its status tells the end."""
    good, bad = toy.text("good"), toy.stage("raises")
    orphan = toy.text("orphan", toy.text("never ran"))
    for stage in (good, bad, orphan, *orphan.inputs.values()):
        store.write_spec(stage)
    command = [sys.executable, "-m", "sweeps.running.worker", "--store", str(store.path), "--key"]
    environment = {**os.environ, "PYTHONPATH": str(toy.folder)}

    def status(key: str) -> int:
        return subprocess.run(
            [*command, key], env=environment, capture_output=True, check=False
        ).returncode

    assert [status(one.key) for one in (good, bad, orphan)] == [0, 1, 3]
    assert status("0" * 20) == 7
    assert store.find(good) is not None
    assert len(store.failures(bad.key)) == 1


def test_a_job_saves_when_it_is_told_to_leave(store, toy):
    """SIGTERM and SIGUSR2, as clusters send them, end in a checkpoint and status 5."""
    stage = toy.count("a", steps=10**6, every=10**9)
    store.write_spec(stage)
    job = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "sweeps.running.worker",
            "--store",
            str(store.path),
            "--key",
            stage.key,
        ],
        env={**os.environ, "PYTHONPATH": str(toy.folder)},
        stderr=subprocess.DEVNULL,
    )
    toy.until(toy.marks)
    job.send_signal(signal.SIGUSR2)
    assert job.wait(60) == 5
    assert (store.work(stage.key, 1) / "last.ckpt").exists()


@pytest.fixture
def two_gpus(monkeypatch):
    """A machine with eight cores and two GPUs."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    monkeypatch.setattr(sweeps.hardware.slots, "available_cores", lambda: 8)


def test_slots_of_a_machine_without_gpus(monkeypatch):
    """One worker of one thread a core, unless told otherwise."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(sweeps.hardware.slots, "available_cores", lambda: 3)
    assert [slot.threads for slot in sweeps.hardware.slots.find_slots()] == [1, 1, 1]
    assert [slot.threads for slot in sweeps.hardware.slots.find_slots(2, 4)] == [4, 4]
    assert {slot.device for slot in sweeps.hardware.slots.find_slots()} == {"cpu"}


def test_slots_of_a_machine_with_gpus(two_gpus):
    """One worker a GPU that sees only it, the cores shared out, and some without a GPU."""
    slots = sweeps.hardware.slots.find_slots()
    with_gpu = [slot for slot in slots if slot.gpu is not None]
    assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in with_gpu] == ["0", "3"]
    assert [(slot.device, slot.threads) for slot in with_gpu] == [("cuda:0", 4)] * 2
    beside = [slot for slot in slots if slot.gpu is None]
    assert len(beside) == 4
    assert beside[0].environment["CUDA_VISIBLE_DEVICES"] == ""
    assert beside[0].takes("cpu", gpus=True)
    assert not beside[0].takes("any", gpus=True)


def test_several_slots_a_gpu(two_gpus):
    """Small models share a GPU."""
    slots = [
        slot for slot in sweeps.hardware.slots.find_slots(slots_per_gpu=2) if slot.gpu is not None
    ]
    assert [slot.gpu for slot in slots] == ["0", "3", "0", "3"]
    assert slots[0].threads == 2


def test_stages_go_to_the_device_they_need(run, store, toy, two_gpus):
    """`any` runs on a GPU slot with the device cuda:0, `cpu` beside the GPUs."""
    (toy.folder / "device_study.py").write_text(
        "import os\n"
        "def run(config, inputs, out, context):\n"
        "    visible = os.environ['CUDA_VISIBLE_DEVICES']\n"
        "    (out / 'text.txt').write_text(f'{context.device} {visible!r}')\n"
    )
    stages = [
        Stage(name=d, version=1, config={}, run="device_study.run", cost=Cost(device=d))
        for d in ("any", "cpu")
    ]
    assert run(*stages).status == 0
    seen = [(store.find(stage) / "text.txt").read_text() for stage in stages]
    assert seen[0] in ("cuda:0 '0'", "cuda:0 '3'")
    assert seen[1] == "cpu ''"
