"""Stages that share this machine's memory: which run at once, and what a worker gives back."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import pytest

from sweeps.graph import Graph
from sweeps.running.local import _Scheduler, run_local
from sweeps.running.progress import NoProgress
from sweeps.stage import Cost, Stage


def test_stages_too_large_for_one_another_run_in_turn(store, toy, monkeypatch):
    """Small ones run beside a large one, two large ones do not, and one too large runs alone."""
    (toy.folder / "long_study.py").write_text(
        "import json, time\n"
        "def run(config, inputs, out, context):\n"
        "    begun = time.time()\n"
        "    time.sleep(0.7)\n"
        "    (out / 'span.json').write_text(json.dumps([begun, time.time()]))\n"
    )
    monkeypatch.setattr("sweeps.hardware.room.usable_memory", lambda: 10 * 2**30)
    said = []

    class Told(NoProgress):
        def say(self, text: str) -> None:
            said.append(text)

    def stage(name: str, gib: float, flops: float) -> Stage:
        cost = Cost(memory_bytes=gib * 2**30, flops=flops)
        return Stage(name=name, version=1, config={}, run="long_study.run", cost=cost)

    small, large, other, huge = (
        stage(name, gib, flops)
        for name, gib, flops in (("s", 1, 1), ("a", 7, 4), ("b", 6, 2), ("h", 99, 1))
    )
    assert (
        run_local(Graph([small, large, other, huge]), store, slots=2, progress=Told()).status == 0
    )
    spans = [json.loads((store.find(x) / "span.json").read_text()) for x in (large, other, huge)]
    for (_, end), (begun, _) in itertools.pairwise(sorted(spans)):
        assert end <= begun
    (line,) = said
    assert "waits for memory: it needs about 6 GiB, what runs 7 GiB" in line
    assert line.endswith("has 10.")


def test_small_stages_run_beside_a_large_one(store, toy, monkeypatch):
    """Both are at work at once: each waits for the other's word."""
    (toy.folder / "pair_study.py").write_text(
        "import pathlib, time\n"
        "def run(config, inputs, out, context):\n"
        "    folder = pathlib.Path(config['folder'])\n"
        "    (folder / config['own']).write_text('')\n"
        "    until = time.time() + 20\n"
        "    while not (folder / config['other']).exists():\n"
        "        assert time.time() < until\n"
        "        time.sleep(0.01)\n"
    )
    monkeypatch.setattr("sweeps.hardware.room.usable_memory", lambda: 10 * 2**30)
    pair = [
        Stage(
            name=own,
            version=1,
            config={"folder": str(toy.folder), "own": own, "other": other},
            run="pair_study.run",
            cost=Cost(memory_bytes=gib * 2**30),
        )
        for own, other, gib in (("one", "two", 7), ("two", "one", 3))
    ]
    assert run_local(Graph(pair), store, slots=2, progress=False).status == 0


def test_no_more_workers_start_than_memory_allows(store, toy, monkeypatch):
    """By what the median stage needs; what needs nothing has a worker in each place."""
    (toy.folder / "nap_study.py").write_text(
        "import time\ndef run(config, inputs, out, context):\n    time.sleep(0.1)\n"
    )
    started = []
    start = _Scheduler._start_worker
    monkeypatch.setattr(
        _Scheduler, "_start_worker", lambda self, slot: started.append(slot) or start(self, slot)
    )
    monkeypatch.setattr("sweeps.hardware.room.usable_memory", lambda: 10 * 2**30)

    def run(gib: float, slots: int) -> int:
        started.clear()
        cost = Cost(memory_bytes=gib * 2**30)
        stages = [
            Stage(
                name="nap", version=1, config={"gib": gib, "n": n}, run="nap_study.run", cost=cost
            )
            for n in range(6)
        ]
        assert run_local(Graph(stages), store, slots=slots, progress=False).status == 0
        return len(started)

    assert run(4, slots=5) == 2
    assert run(99, slots=2) == 1
    assert run(0, slots=3) == 3


def test_an_idle_worker_gives_its_memory_back(store, toy):
    """What its last stage held, cycles too, is the system's again while another works."""
    (toy.folder / "hoard_study.py").write_text(
        "import ctypes, os, pathlib, time\n"
        "def resident(pid):\n"
        "    fields = pathlib.Path(f'/proc/{pid}/statm').read_text().split()\n"
        "    return int(fields[1]) * os.sysconf('SC_PAGE_SIZE')\n"
        "def hoard(config, inputs, out, context):\n"
        "    library = ctypes.CDLL(None)\n"
        "    library.mallopt(-4, 0)\n"
        "    library.mallopt(-1, 2**31 - 1)\n"
        "    held = [b'x' * 2**22 for _ in range(64)]\n"
        "    held.append(held)\n"
        "    (out / 'pid').write_text(str(os.getpid()))\n"
        "    (pathlib.Path(config['folder']) / 'pid').write_text(str(os.getpid()))\n"
        "def look(config, inputs, out, context):\n"
        "    told = pathlib.Path(config['folder']) / 'pid'\n"
        "    until = time.time() + 20\n"
        "    while not told.exists() or resident(told.read_text()) > 2**27:\n"
        "        assert time.time() < until\n"
        "        time.sleep(0.05)\n"
    )
    hoard, look = (
        Stage(name=name, version=1, config={"folder": str(toy.folder)}, run=f"hoard_study.{name}")
        for name in ("hoard", "look")
    )
    assert run_local(Graph([hoard, look]), store, slots=2, progress=False).status == 0


def test_a_stage_says_how_much_memory_it_took(store, toy):
    """The most that its process had while it ran; what an earlier stage left is not its own."""
    (toy.folder / "heavy_study.py").write_text(
        "import ctypes\n"
        "def run(config, inputs, out, context):\n"
        "    library = ctypes.CDLL(None)\n"
        "    library.mallopt(-4, 0)\n"
        "    library.mallopt(-1, 2**31 - 1)\n"
        "    held = b'x' * config['bytes']\n"
        "    (out / 'size').write_text(str(len(held)))\n"
    )
    heavy = Stage(name="heavy", version=1, config={"bytes": 2**28}, run="heavy_study.run")
    light = Stage(
        name="light", version=1, config={"bytes": 2}, inputs={"a": heavy}, run="heavy_study.run"
    )
    assert run_local(Graph([light]), store, slots=1, progress=False).status == 0
    peaks = {
        stage.name: json.loads((store.find(stage) / "stage.json").read_text())["peak_bytes"]
        for stage in (heavy, light)
    }
    assert peaks["light"] + 2**27 < peaks["heavy"] < peaks["light"] + 2**29


KEEPS = """
import os, threading, time
HELD = []
def run(config, inputs, out, context):
    HELD.append(bytearray(os.urandom(1 << 20) * config["mib"]))
    if config["deaf"]:
        threading.Thread(target=time.sleep, args=(300,)).start()
    (out / "process.txt").write_text(str(os.getpid()))
"""


@pytest.mark.parametrize("deaf", [False, True])
def test_a_worker_that_keeps_much_makes_way_for_a_new_one(store, toy, monkeypatch, deaf):
    """After the stage that brings it above the limit, even where a thread holds it up."""
    (toy.folder / "keeping_study.py").write_text(KEEPS)
    monkeypatch.setattr("sweeps.running.local.MOST_KEPT", 300 * 2**20)
    chain: list[Stage] = []
    for number in range(5):
        config = {"mib": 150, "deaf": deaf, "number": number}
        inputs = {"before": chain[-1]} if chain else {}
        chain.append(
            Stage(name="k", version=1, config=config, inputs=inputs, run="keeping_study.run")
        )
    assert run_local(Graph(chain[-1:]), store, slots=1, progress=False).status == 0
    processes = [(store.find(stage) / "process.txt").read_text() for stage in chain]
    assert processes[0] == processes[1]
    assert processes[2] == processes[3]
    assert len(set(processes)) == 3
    assert all(store.failures(stage.key) == [] for stage in chain)


GAPS = """
from sweeps.hardware.memory import kept
import ctypes
library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
library.mallopt(-4, 0)
before = kept()
*blocks, above = [library.malloc(2**20) for _ in range(201)]
for block in blocks:
    library.free(block)
print((kept() - before) / 2**20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap: run on Linux")
def test_gaps_in_the_heap_count_as_kept():
    """Freed blocks below one that is in use."""
    done = subprocess.run([sys.executable, "-c", GAPS], capture_output=True, text=True, check=True)
    assert 190 < float(done.stdout) < 220
