"""The memory that a stage will have, and what cannot fit into it."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sweeps.graph import Graph
from sweeps.slots import visible_gpus
from sweeps.stage import Stage
from sweeps.store import Store


@dataclass(frozen=True, kw_only=True)
class Room:
    """What one stage has to itself."""

    where: str = "its place"
    memory_bytes: float | None = None
    """Of one device, or of the machine; None where nobody knows."""
    devices: int = 1
    """How many share the stage."""


def complaints(stage: Stage, room: Room) -> list[str]:
    """What is impossible about a stage in this room, with the numbers that make it so."""
    needs, has = stage.cost.memory_bytes, room.memory_bytes
    # What one of several devices holds depends on how they share, which the study knows.
    if has is None or room.devices > 1 or needs <= has:
        return []
    return [
        f"{stage.name} needs about {needs / 2**30:,.3g} GiB of memory, and {room.where} has "
        f"{has / 2**30:,.3g}. Take a smaller model or batch, or a place with more memory."
    ]


def unfit(targets: Iterable[Stage], store: Store, room: Callable[[Stage], Room]) -> list[str]:
    """The complaints about what is still to run, of each kind the stage that needs most.

    What is finished needs no room.
    """
    todo = Graph(targets).needed(lambda stage: store.find(stage) is not None)
    most: dict[str, Stage] = {}
    for stage in todo.values():
        most[stage.name] = max(stage, most.get(stage.name, stage), key=_needs)
    return [said for stage in most.values() for said in complaints(stage, room(stage))]


def _needs(stage: Stage) -> float:
    return stage.cost.memory_bytes


def this_machine(device: str, slots_per_gpu: int = 1) -> Room:
    """The smallest GPU's part for a stage that uses one, else the machine's memory."""
    if device == "any" and visible_gpus():
        memory = _gpu_memory()
        part = f" shared by {slots_per_gpu} workers" if slots_per_gpu > 1 else ""
        return Room(
            where=f"a GPU of this machine{part}", memory_bytes=memory and memory / slots_per_gpu
        )
    return Room(where="this machine", memory_bytes=_memory())


@functools.cache
def _memory() -> float:
    """Of the machine, or of the container that we are in."""
    memory = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, float(Path("/sys/fs/cgroup/memory.max").read_text()))
    return memory


@functools.cache
def _gpu_memory() -> float | None:
    if shutil.which("nvidia-smi") is None:
        return None
    question = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(question, capture_output=True, text=True, timeout=20, check=True)
        return min(float(line) for line in told.stdout.split()) * 2**20
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
