"""Leases: one owner at a time, dead holders replaced, living ones never."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from typing import Any

import pytest

from sweeps.errors import LeaseLost
from sweeps.lease import HeldLease, Lease, Watch, acquire, read_lease, this_process
from sweeps.store import Store, read_json

KEY = "0123456789abcdef0123"


def read_beat(store: Store, key: str, generation: int) -> dict[str, Any]:
    """The last beat of one generation; empty before the first."""
    return read_json(store.path / "leases" / key / f"{generation}.beat") or {}


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def plant(store: Store, generation: int, beat: dict | None = None, **changes: object) -> None:
    """A lease of a process elsewhere, by default on another host."""
    holder = {**asdict(this_process()), "host": "elsewhere", "token": "t", **changes}
    folder = store.path / "leases" / KEY
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(generation)).write_text(json.dumps(holder))
    if beat is not None:
        (folder / f"{generation}.beat").write_text(json.dumps(beat))


def test_the_first_comer_owns(store):
    """Generation 1 is ours and holds this process' name."""
    lease = acquire(store, KEY)
    assert isinstance(lease, HeldLease)
    assert lease.generation == 1
    assert read_lease(store, KEY).holder.pid == os.getpid()
    lease.assert_owned()
    lease.release("done")


def test_the_second_comer_learns_who_holds(store):
    """A living holder is told, not replaced."""
    lease = acquire(store, KEY)
    other = acquire(store, KEY)
    assert isinstance(other, Lease)
    assert (other.generation, other.holder.pid) == (1, os.getpid())
    lease.release("stopped")


def test_only_one_of_many_gets_it(store):
    """Twenty threads ask at once, one owns."""
    start, got = threading.Barrier(20), []

    def ask():
        start.wait()
        got.append(acquire(store, KEY))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = [lease for lease in got if isinstance(lease, HeldLease)]
    assert len(held) == 1
    held[0].release("done")


def test_only_one_of_many_takes_over(store):
    """Twenty judges of one death create one next generation."""
    plant(store, 1, {"count": 3, "state": "running"})
    start, got = threading.Barrier(20), []

    def take():
        start.wait()
        got.append(acquire(store, KEY, dead=1))

    threads = [threading.Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = [lease for lease in got if isinstance(lease, HeldLease)]
    assert [lease.generation for lease in held] == [2]
    held[0].release("done")
    assert sorted(os.listdir(store.path / "leases" / KEY)) == ["1", "1.beat", "2", "2.beat"]


def test_a_released_stage_is_free_at_once(store):
    """Nobody waits for a timeout after a release; the next generation follows."""
    acquire(store, KEY).release("stopped")
    assert read_beat(store, KEY, 1)["state"] == "stopped"
    assert Watch(store).dead(KEY) == 1
    lease = acquire(store, KEY)
    assert lease.generation == 2
    lease.release("done")


def test_the_holder_beats_and_tells_what_it_does(store):
    """The counter rises, and the beat carries the progress."""
    lease = acquire(store, KEY, timeout=0.3)
    lease.note({"step": 3, "total": 9, "loss": 0.5})
    seen = set()
    deadline = time.monotonic() + 5
    while len(seen) < 3 and time.monotonic() < deadline:
        beat = read_beat(store, KEY, 1)
        if beat.get("step") == 3:
            seen.add(beat["count"])
    lease.release("done")
    assert len(seen) == 3
    assert {"step": 3, "total": 9, "loss": 0.5}.items() <= beat.items()


def test_a_process_that_is_gone_is_dead_at_once(store):
    """Same host, boot and namespace, and no such process: no timeout."""
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    plant(
        store, 1, {"count": 1, "state": "running"}, host=this_process().host, pid=int(child.stdout)
    )
    assert Watch(store).dead(KEY) == 1
    lease = acquire(store, KEY)
    assert lease.generation == 2
    lease.release("done")


def test_a_process_number_used_again_is_no_life(store):
    """Our own number with another start time is another process: the holder is dead."""
    here = this_process()
    plant(store, 1, host=here.host, pid=here.pid, start_time=here.start_time - 1)
    assert Watch(store).dead(KEY) == 1


def test_a_killed_child_that_nobody_reaped_is_dead(store):
    """A zombie process holds nothing."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with open(f"/proc/{child.pid}/stat") as file:
            start = int(file.read().rpartition(")")[2].split()[19])
        plant(store, 1, host=this_process().host, pid=child.pid, start_time=start)
        assert Watch(store).dead(KEY) is None
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert Watch(store).dead(KEY) == 1
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize(
    "changes",
    [{"host": "elsewhere"}, {"boot_id": "another"}, {"pid_ns": "pid:[1]"}, {"boot_id": None}],
)
def test_death_elsewhere_is_never_proved(store, changes):
    """Another host, boot or pid namespace: an unknown number there says nothing."""
    holder = replace(this_process(), pid=2**22 + 1, token="t", **changes)
    assert not holder.provably_dead()


def test_a_holder_that_beats_is_never_called_dead(store):
    """As long as the counter changes within the timeout, however long it takes."""
    clock = Clock()
    watch = Watch(store, timeout=90, clock=clock)
    for count in range(20):
        plant(store, 1, {"count": count, "state": "running"})
        assert watch.dead(KEY) is None
        clock.now += 89
        assert watch.dead(KEY) is None


def test_a_counter_that_stands_still_is_death(store):
    """By the waiter's own clock, from when it first saw that count; not before."""
    clock = Clock()
    watch = Watch(store, timeout=90, clock=clock)
    plant(store, 1, {"count": 7, "state": "running"})
    assert watch.dead(KEY) is None
    clock.now += 89.9
    assert watch.dead(KEY) is None
    clock.now += 0.2
    assert watch.dead(KEY) == 1


def test_a_new_generation_starts_the_wait_anew(store):
    """The next holder gets a full timeout of its own."""
    clock = Clock()
    watch = Watch(store, timeout=90, clock=clock)
    plant(store, 1, {"count": 1, "state": "running"})
    watch.dead(KEY)
    clock.now += 80
    plant(store, 2, {"count": 1, "state": "running"})
    assert watch.dead(KEY) is None
    clock.now += 80
    assert watch.dead(KEY) is None
    clock.now += 11
    assert watch.dead(KEY) == 2


def test_a_slow_beat_is_waited_for(store):
    """A holder that announced a beat every 60 s is not dead after 90."""
    clock = Clock()
    watch = Watch(store, timeout=90, clock=clock)
    plant(store, 1, {"count": 1, "state": "running"}, interval=60.0)
    watch.dead(KEY)
    clock.now += 100
    assert watch.dead(KEY) is None
    clock.now += 81
    assert watch.dead(KEY) == 1


def test_a_lease_emptied_by_a_crash_goes_by_the_clock(store):
    """A file without content proves nothing; it dies by the timeout."""
    clock = Clock()
    watch = Watch(store, timeout=90, clock=clock)
    folder = store.path / "leases" / KEY
    folder.mkdir(parents=True)
    (folder / "1").write_text("")
    assert watch.dead(KEY) is None
    clock.now += 91
    assert watch.dead(KEY) == 1


def test_a_holder_learns_that_it_lost(store):
    """The old generation is told at its next check, and its beat stops."""
    lease = acquire(store, KEY, timeout=0.3)
    plant(store, 2, {"count": 1, "state": "running"})
    with pytest.raises(LeaseLost, match="has a newer holder"):
        lease.assert_owned()
    lease.release("done")
    assert read_beat(store, KEY, 1).get("state") != "done"


def test_the_beat_notices_the_loss_by_itself(store):
    """A stage that never checks is told through `lost` within a beat."""
    lease = acquire(store, KEY, timeout=0.3)
    plant(store, 2)
    assert lease.lost.wait(5)


def test_leases_that_were_cleared_away_are_lost(store):
    """Somebody else's generation 1 under our name is not ours."""
    lease = acquire(store, KEY)
    plant(store, 1)
    assert not lease.owned()
    lease.release("done")


def test_without_hard_links_creation_is_still_exclusive(store, monkeypatch):
    """File systems that refuse links fall back to an exclusive open."""

    def refuse(source, target):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    lease = acquire(store, KEY)
    assert isinstance(lease, HeldLease)
    assert isinstance(acquire(store, KEY), Lease)
    lease.release("done")


def test_a_link_that_succeeded_unheard_is_ours(store, monkeypatch):
    """A server that made the link and lost the answer says the file exists: it is our own."""
    real = os.link

    def repeat(source, target):
        real(source, target)
        raise FileExistsError(target)

    monkeypatch.setattr(os, "link", repeat)
    lease = acquire(store, KEY)
    assert isinstance(lease, HeldLease)
    lease.release("done")
