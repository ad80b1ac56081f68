"""Kills at any moment, two launchers on one store: nothing lost, nothing broken, nothing twice."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from sweeps.graph import Graph
from sweeps.lease import read_lease
from sweeps.running.local import run_local
from sweeps.stage import Stage
from sweeps.store import RESERVED_NAMES, Store


def diamond(toy, steps: int = 12) -> list[Stage]:
    """Two chains over a shared root, joined at the end: seven stages that checkpoint."""
    root = toy.count("root", steps=steps)
    left = toy.count("left2", toy.count("left1", root, steps=steps), steps=steps)
    right = toy.count("right2", toy.count("right1", root, steps=steps), steps=steps)
    return [toy.count("join", left, right, steps=steps), toy.count("alone", steps=steps)]


def expected_sum(stage: Stage) -> int:
    """What a count stage must arrive at, by its configuration alone."""
    return sum(range(stage.config["steps"])) + sum(map(expected_sum, stage.inputs.values()))


def published(store: Store) -> dict[str, tuple[int, int]]:
    """Every folder under a final name, by key, with what changes when it is made anew."""
    found: dict[str, tuple[int, int]] = {}
    if not store.path.exists():
        return found
    for name in os.listdir(store.path):
        if name not in RESERVED_NAMES:
            for key in os.listdir(store.path / name):
                status = (store.path / name / key).stat()
                found[key] = (status.st_ino, status.st_mtime_ns)
    return found


def check_whole(store: Store, graph: Graph) -> None:
    """Whatever stands under a final name is complete and right."""
    for key in published(store):
        stage = graph[key]
        folder = store.path / stage.name / key
        names = {"log.txt", "stage.json", "sum.json", *(f"part{n}.txt" for n in range(5))}
        assert set(os.listdir(folder)) == names
        assert json.loads((folder / "stage.json").read_text())["key"] == key
        assert json.loads((folder / "sum.json").read_text()) == {"sum": expected_sum(stage)}
        assert all((folder / f"part{n}.txt").stat().st_size == 1000 for n in range(5))


def overlaps(toy) -> list[list[str]]:
    """The times that a stage was begun while another process was at it."""
    return [words for words in toy.marks() if words[0] == "overlap"]


def kill_group(launcher: subprocess.Popen) -> None:
    """SIGKILL to the launcher and all its workers at once."""
    if launcher.poll() is None:
        os.killpg(launcher.pid, signal.SIGKILL)
    launcher.wait()
    launcher.stderr.close()


def wait_for_moment(launcher: subprocess.Popen, toy, moments: random.Random) -> None:
    """Any moment: of the start, or, more often, of the time when stages run."""
    began = len(toy.marks())
    if moments.random() < 0.7:
        toy.until(lambda: len(toy.marks()) > began or launcher.poll() is not None)
    with suppress(subprocess.TimeoutExpired):
        launcher.wait(moments.uniform(0, 0.5))


def kill_at_random(toy, folder: Path, kills: int, seed: int) -> tuple[int, int]:
    """Kill and restart until `kills` are done; how many resumes and how many stages it saw."""
    moments, done, round_number = random.Random(seed), 0, 0
    resumed = finished = 0
    while done < kills:
        round_number += 1
        store = Store(folder / f"store{round_number}")
        toy.journal = toy.folder / f"journal{round_number}.txt"
        graph = Graph(diamond(toy))
        while True:
            before, began = published(store), len(toy.marks())
            launcher = toy.launch(diamond(toy), store, progress=False)
            if done < kills:
                wait_for_moment(launcher, toy, moments)
            else:
                launcher.wait(300)
            if launcher.poll() is None:
                kill_group(launcher)
                done += 1
            check_whole(store, graph)
            after = published(store)
            assert before.items() <= after.items(), "a finished stage was made again"
            repeated = {words[-2] for words in toy.marks()[began:]}
            assert not repeated & {graph[key].config["text"] for key in before}
            if launcher.returncode == 0:
                launcher.stderr.close()
                break
        assert set(after) == set(graph.stages)
        assert not overlaps(toy)
        resumed += sum(w[0] == "from" and w[1] != "0" for w in toy.marks())
        finished += len(after)
    return resumed, finished


def test_twenty_kills_at_random_moments(toy, tmp_path):
    """kill -9 of the whole group, the same command again: it goes on to the right result."""
    resumed, finished = kill_at_random(toy, tmp_path, kills=20, seed=1)
    assert resumed > 0
    assert finished >= 7


@pytest.mark.slow
def test_two_hundred_kills_at_random_moments(toy, tmp_path):
    """The same, two hundred times."""
    resumed, finished = kill_at_random(toy, tmp_path, kills=200, seed=2)
    assert resumed > 20
    assert finished >= 70


def test_two_launchers_share_the_work(toy, store):
    """Both succeed, and every stage ran once."""
    graph = Graph(diamond(toy, steps=25))
    launchers = [toy.launch(diamond(toy, steps=25), store, progress=False) for _ in range(2)]
    assert [launcher.wait(300) for launcher in launchers] == [0, 0]
    check_whole(store, graph)
    assert set(published(store)) == set(graph.stages)
    done = sorted(words[1] for words in toy.marks() if words[0] == "finished")
    assert done == sorted(stage.config["text"] for stage in graph)
    assert not overlaps(toy)


def test_the_survivor_takes_over(toy, store):
    """One of two launchers is killed; the other goes on from its checkpoints at once."""
    stages = [toy.count(name, steps=400) for name in "ab"]
    first = toy.launch(stages, store, progress=False, slots=2)
    toy.until(lambda: len(toy.marks()) == 2)
    second = toy.launch(stages, store, progress=False, slots=2)
    toy.until(lambda: all((store.work(one.key, 1) / "last.ckpt").exists() for one in stages))
    kill_group(first)
    # Less than the 90 seconds after which a silent holder would be replaced.
    assert second.wait(80) == 0
    check_whole(store, Graph(stages))
    starts = [words for words in toy.marks() if words[0] == "from"]
    assert [words[1] == "0" for words in starts] == [True, True, False, False]


OTHER_HOST = (
    *("unshare", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"),
    *("sh", "-c", 'hostname elsewhere && exec "$@"', "sh"),
)
"""Runs a command under another host's name, where no process of here is seen."""


def check_launchers_under_kills(
    toy, store: Store, kills: int, seed: int, timeout: float, hosts: tuple[tuple[str, ...], ...]
) -> None:
    """Keep three launchers on one store, each on a host by turns, killing one at random."""
    moments, graph = random.Random(seed), Graph(diamond(toy, steps=40))
    running: list[subprocess.Popen] = []
    done, turns = 0, itertools.cycle(hosts)
    while set(published(store)) != set(graph.stages) or done < kills:
        if set(published(store)) == set(graph.stages):
            for launcher in running:
                kill_group(launcher)
            running.clear()
            assert not overlaps(toy)
            for name in ("count", "work", "leases"):
                shutil.rmtree(store.path / name, ignore_errors=True)
            toy.journal.unlink(missing_ok=True)
        running = [one for one in running if one.poll() is None]
        while len(running) < 3:
            running.append(
                toy.launch(
                    graph.stages.values(),
                    store,
                    *next(turns),
                    progress=False,
                    lease_timeout=timeout,
                )
            )
        before = published(store)
        if done < kills:
            wait_for_moment(running[0], toy, moments)
            victim = moments.choice(running)
            running.remove(victim)
            kill_group(victim)
            done += 1
        else:
            running[0].wait(300)
        check_whole(store, graph)
        assert before.items() <= published(store).items()
    for launcher in running:
        assert launcher.wait(300) == 0
        launcher.stderr.close()
    check_whole(store, graph)
    assert not overlaps(toy)


def test_three_launchers_under_kills(toy, store):
    """Launchers come and go: nothing is lost, nothing corrupt, no stage in two hands at once."""
    check_launchers_under_kills(toy, store, kills=6, seed=3, timeout=90, hosts=((),))


@pytest.mark.slow
def test_three_launchers_under_two_hundred_kills(toy, store):
    """The same, two hundred times."""
    check_launchers_under_kills(toy, store, kills=200, seed=4, timeout=90, hosts=((),))


@pytest.mark.slow
def test_launchers_on_two_hosts_under_kills(toy, store):
    """Where a death elsewhere cannot be proved, only a silence as long as the timeout tells it."""
    if subprocess.run([*OTHER_HOST, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs root: run the tests with `sudo make test-all` to make namespaces")
    check_launchers_under_kills(toy, store, kills=20, seed=5, timeout=12, hosts=((), OTHER_HOST))


def test_a_kill_between_rename_and_release(toy, store):
    """The stage is finished: nobody runs it again, and what the kill left is cleared."""
    stage = toy.stage("dies_after_publishing", text="a", journal=str(toy.journal))
    child = toy.text("child", stage)
    outcome = run_local(Graph([child]), store, progress=False)
    assert outcome.status == 0
    assert (store.find(child) / "text.txt").read_text() == "child(a())"
    assert read_lease(store, stage.key).beat["state"] == "running"
    again = run_local(Graph([child]), store, progress=False)
    assert (again.status, again.ran) == (0, frozenset())
    assert os.listdir(store.path / "work") == []


def test_a_truncated_checkpoint_is_passed_over(toy, store, monkeypatch):
    """The stage is given every earlier work folder, newest first, to find a readable one."""
    monkeypatch.setattr("sweeps.running.local.MAX_DEATHS", 3)
    stage = toy.stage("dies_in_checkpoint")
    assert run_local(Graph([stage]), store, progress=False).status == 0
    seen = json.loads((store.find(stage) / "text.txt").read_text())
    assert seen == ['{"st', '{"step": 7}']


def test_a_holder_that_slept_does_not_publish(toy, store):
    """A stopped process is replaced after the timeout; awake again it notices and leaves."""
    stage = toy.stage("stops_alone", journal=str(toy.journal))
    # Long enough for a busy machine: it must not take over from the one that took over from it.
    first = toy.launch([stage], store, progress=False, slots=1, lease_timeout=6.0)
    toy.until(toy.marks)
    sleeper = int(toy.marks()[0][-1])
    outcome = run_local(Graph([stage]), store, progress=False, lease_timeout=1.0)
    assert outcome.ran == {stage.key}
    os.kill(sleeper, signal.SIGCONT)
    assert first.wait(60) == 0
    assert (store.find(stage) / "text.txt").read_text() == "attempt 2"
    assert [words[:2] for words in toy.marks()] == [["attempt", "1"], ["attempt", "2"]]
    assert store.failures(stage.key) == []


def test_another_pid_namespace_is_another_host(toy, store):
    """Where death cannot be proved a killed holder is replaced, but only after the timeout."""
    wrapper = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs root: run the tests with `sudo make test` to make a pid namespace")
    stage = toy.count("a", steps=200)
    first = toy.launch([stage], store, *wrapper, progress=False, slots=1, lease_timeout=1.5)
    toy.until((store.work(stage.key, 1) / "last.ckpt").exists)
    kill_group(first)
    began = time.monotonic()
    assert run_local(Graph([stage]), store, progress=False, lease_timeout=1.5).status == 0
    assert time.monotonic() - began > 1.5
    check_whole(store, Graph([stage]))
    assert [words[0] for words in toy.marks()] == ["from", "from", "finished"]
    assert toy.marks()[1][1] != "0"
