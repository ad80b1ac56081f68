"""Stages that cannot run where they are sent, and what is said about them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from sweeps.graph import Graph
from sweeps.hardware.fit import Fit
from sweeps.hardware.room import Room, complaints, this_machine, unfit
from sweeps.launchers.local import LocalLauncher
from sweeps.launchers.slurm import SlurmLauncher
from sweeps.running.local import run_local
from sweeps.settings import Slurm
from sweeps.stage import Cost, Stage
from sweeps.store import Store

GIB = 2**30


def train(n: int = 1, **cost: Any) -> Stage:
    return Stage(
        name="train",
        version=1,
        config={"n": n},
        run="toy.f",
        cost=Cost(device="any", **cost),
    )


def test_memory_that_is_not_there():
    """Both numbers are said, and whose they are."""
    (said,) = complaints(train(memory_bytes=30 * GIB), Room(where="my desk", memory_bytes=24 * GIB))
    assert said.startswith("train needs about 30 GiB of memory, and my desk has 24.")
    assert complaints(train(memory_bytes=23 * GIB), Room(memory_bytes=24 * GIB)) == []
    assert complaints(train(memory_bytes=1e15), Room()) == []
    four = Room(where="a GPU", memory_bytes=8 * GIB, devices=4)
    assert complaints(train(memory_bytes=32 * GIB), four) == []
    (said,) = complaints(train(memory_bytes=33 * GIB), four)
    assert said.startswith("train needs about 33 GiB of memory, and a GPU has 32 on 4 devices.")


def test_what_to_type_where_memory_is_short():
    """The first of the study's ways that fits, then more devices that divide the batch."""
    ways = {"gentle=1": 20 * GIB, "firm=1": 12 * GIB, "firm=1 gentle=1": 5 * GIB}
    stage = train(memory_bytes=40 * GIB, splits=12, thriftier=ways)

    def said(memory: int, **room: Any) -> str:
        (line,) = complaints(stage, Room(memory_bytes=memory * GIB, **room))
        return line.partition(". ")[2]

    others = "a smaller model or batch, or a place with more memory."
    assert said(24) == f"Take gentle=1 (about 20 GiB); or {others}"
    assert said(13, wider="workers_per_stage") == (
        f"Take firm=1 (about 12 GiB); or parallel=fsdp workers_per_stage=4 or more; or {others}"
    )
    assert said(4, devices=2).startswith("Take firm=1 gentle=1 (about 5 GiB)")
    assert said(1) == (
        f"Take {others.removesuffix('.')} (of at least 5 GiB, with firm=1 gentle=1)."
    )


def test_a_remedy_that_a_stage_refuses_is_not_given():
    """More devices help only a stage that can be spread over them."""
    room = Room(memory_bytes=10 * GIB, wider="workers_per_stage")
    stage = train(memory_bytes=40 * GIB, splits=4, unshareable={"fsdp": "it melts"})
    (said,) = complaints(stage, room)
    assert said.endswith("Take a smaller model or batch, or a place with more memory.")


def test_more_processes_than_places():
    """A machine with two GPUs cannot run a stage as four processes."""
    (said,) = complaints(train(splits=12), Room(devices=4, most=2))
    assert said.startswith("train: 4 processes share it, and this machine has places for 2.")


def test_what_is_finished_needs_no_room(store: Store):
    """Results that come from a larger machine can be shown on a small one."""
    small = Room(where="my desk", memory_bytes=GIB)
    parent = train(memory_bytes=8 * GIB)
    child = Stage(name="score", version=1, config={}, inputs={"of": parent}, run="toy.f")
    (said,) = unfit([child, train(memory_bytes=9 * GIB, n=2)], store, lambda _: small)
    assert "train needs about 9 GiB" in said
    place = store.place(child.name, child.key)
    place.mkdir(parents=True)
    (place / "stage.json").write_text("{}")
    assert unfit([child], store, lambda _: small) == []


def test_what_is_left_for_another_time_needs_no_room_here(store: Store):
    """Data for a study on a large GPU are prepared on a small machine."""
    small = Room(where="my desk", memory_bytes=GIB)
    words = Stage(name="words", version=1, config={}, run="toy.f", cost=Cost(memory_bytes=2 * GIB))
    large = train(memory_bytes=9 * GIB)
    of_words = Stage(name="score", version=1, config={}, inputs={"a": words, "b": large}, run="t.f")
    run = {"store": str(store.path), "plan": False, "until": None, "parallel": "ddp"}
    run["workers_per_stage"] = 1
    fit = Fit(cluster=False, room=lambda stage, run: small)
    assert len(fit.complaints([of_words], run, "")) == 2
    (said,) = fit.complaints([of_words], run | {"until": "words"}, "")
    assert said.startswith("words needs about 2 GiB")


def test_this_machine_has_a_memory():
    """Somewhere between a telephone and a building."""
    memory = this_machine("cpu").memory_bytes
    assert memory
    assert GIB / 4 < memory < 1e15


def test_workers_share_a_gpu(monkeypatch: pytest.MonkeyPatch):
    """The setting reaches the slots, and each worker counts with its part of the memory."""
    monkeypatch.setattr("sweeps.hardware.room.visible_gpus", lambda: ["0", "1"])
    monkeypatch.setattr("sweeps.hardware.room.gpu_memory", lambda: 80.0 * GIB)
    given: dict[str, object] = {}
    monkeypatch.setattr(
        "sweeps.running.local.run_local",
        lambda graph, store, **options: given.update(options) or SimpleNamespace(status=0),
    )
    run = {"workers": None, "threads": None, "lease_timeout": 90.0, "slots_per_gpu": 4}
    run |= {"workers_per_stage": 2, "parallel": "fsdp"}
    launcher = LocalLauncher()
    assert launcher.run(Graph([]), Store("nowhere"), run, []) == 0
    assert (given["slots_per_gpu"], given["workers_per_stage"], given["parallel"]) == (4, 2, "fsdp")
    assert launcher.room(train(), run).memory_bytes == 20 * GIB
    assert "shared by 4 workers" in launcher.room(train(), run).where
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    together = launcher.room(train(splits=6), run)
    assert (together.devices, together.most, together.wider) == (2, 2, "workers_per_stage")
    monkeypatch.setattr("sweeps.hardware.room.visible_gpus", list)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr("sweeps.hardware.room.usable_memory", lambda: 24.0 * GIB)
    # Two processes of one machine have its memory together.
    alone, shared = (launcher.room(train(splits=n), run) for n in (1, 6))
    assert (alone.memory_bytes, shared.memory_bytes, shared.devices) == (24 * GIB, 12 * GIB, 2)


def test_job_has_what_it_asks_for():
    """A stage's own settings go before the run's; stages without a GPU use one process."""
    changed = {"gpus": 2, "nodes": 3, "memory_gb": 16, "stages": {"train": {"gpus": 4}}}
    asked = {**vars(Slurm()), **changed}
    launcher = SlurmLauncher()
    assert launcher.room(train(splits=12), {"slurm": asked}).devices == 12
    assert launcher.room(train(), {"slurm": asked}).devices == 1
    alone = launcher.room(Stage(name="data", version=1, config={}, run="toy.f"), {"slurm": asked})
    # C's heap has gaps.
    assert (alone.devices, alone.memory_bytes) == (1, pytest.approx(16 * GIB * 2 / 3))


def test_execution_reaches_the_stage_and_no_key(toy, store: Store):
    """A stage is told how to run; that is written down beside its result, and is not in its key."""
    plain = toy.text("a")
    told = Stage(
        name="text",
        version=1,
        config={"text": "a"},
        run="toy_study.tells",
        execution={"thrifty": True},
    )
    assert told.key == plain.key
    assert run_local(Graph([told]), store, slots=1, progress=False).status == 0
    place = store.place("text", told.key)
    assert json.loads((place / "text.txt").read_text()) == {"thrifty": True}
    assert json.loads((place / "stage.json").read_text())["execution"] == {"thrifty": True}
