"""The memory and the disk that a stage will have, and what cannot fit into them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.filesize import decimal

from sweeps.errors import StoreError
from sweeps.graph import Graph
from sweeps.hardware.gpus import visible_gpus
from sweeps.hardware.memory import gpu_memory, usable_memory
from sweeps.hardware.sharing import divisors
from sweeps.stage import Stage
from sweeps.store import Store


@dataclass(frozen=True, kw_only=True)
class Room:
    """What one stage has to itself."""

    where: str = "its place"
    memory_bytes: float | None = None
    """Of one device, or of the machine; None where nobody knows."""
    devices: int = 1
    """How many share the stage, a process each."""
    most: int | None = None
    """How many there are for one stage; None where nobody knows."""
    wider: str = ""
    """The setting by which more devices, each with memory of its own, would share it."""


def complaints(stage: Stage, room: Room) -> list[str]:
    """What is impossible about a stage in this room, with the numbers that make it so."""
    if room.most is not None and room.devices > room.most:
        return [
            f"{stage.name}: {room.devices} processes share it, and this machine has places "
            f"for {room.most}. Ask for fewer, or raise workers where there is no GPU."
        ]
    needs, has = stage.cost.memory_bytes, room.memory_bytes
    # What one of several holds depends on how they share; together they need no less.
    if has is None or needs <= has * room.devices:
        return []
    together = f" on {room.devices} devices" if room.devices > 1 else ""
    return [
        f"{stage.name} needs about {_gib(needs)} GiB of memory, and {room.where} has "
        f"{_gib(has * room.devices)}{together}. {_remedy(stage, room, has)}"
    ]


def thriftier(stage: Stage, has: float) -> str | None:
    """What to type for a stage to take no more than `has` bytes: the first thing that does."""
    return next((typed for typed, needs in stage.cost.thriftier.items() if needs <= has), None)


def unfit(targets: Iterable[Stage], store: Store, room: Callable[[Stage], Room]) -> list[str]:
    """The complaints about what is still to run, of each kind the stage that needs most.

    What is finished needs no room.
    """
    most: dict[str, Stage] = {}
    todo = Graph(targets).needed(lambda stage: store.find(stage) is not None)
    for stage in todo.values():
        most[stage.name] = max(stage, most.get(stage.name, stage), key=_needs)
    return [line for stage in most.values() for line in complaints(stage, room(stage))]


def _needs(stage: Stage) -> float:
    return stage.cost.memory_bytes


def _remedy(stage: Stage, room: Room, has: float) -> str:
    ways = []
    if typed := thriftier(stage, has * room.devices):
        ways.append(f"{typed} (about {_gib(stage.cost.thriftier[typed])} GiB)")
    enough = [n for n in divisors(stage.cost.splits) if n * has >= stage.cost.memory_bytes]
    if room.wider and enough and "fsdp" not in stage.cost.unshareable:
        ways.append(f"parallel=fsdp {room.wider}={enough[0]} or more")
    ways.append("a smaller model or batch, or a place with more memory")
    least = min(stage.cost.thriftier.items(), key=lambda one: one[1], default=None)
    beside = f" (of at least {_gib(least[1])} GiB, with {least[0]})" if least and not typed else ""
    return f"Take {'; or '.join(ways)}{beside}."


def _gib(count: float) -> str:
    return f"{count / 2**30:,.3g}"


def this_machine(device: str, slots_per_gpu: int = 1, devices: int = 1) -> Room:
    """The smallest GPU's part for a stage that uses one, else the machine's memory.

    `devices` of these share the stage.
    """
    if device == "any" and (gpus := visible_gpus()):
        memory = gpu_memory()
        part = f" shared by {slots_per_gpu} workers" if slots_per_gpu > 1 else ""
        return Room(
            where=f"a GPU of this machine{part}",
            memory_bytes=memory and memory / slots_per_gpu,
            devices=devices,
            wider="workers_per_stage" if len(gpus) > 1 else "hydra/launcher=slurm slurm.gpus",
        )
    memory = usable_memory() / devices
    return Room(where="this machine, a third left free,", memory_bytes=memory, devices=devices)


class Together:
    """What stages that run at once may take of this machine's memory."""

    def __init__(self, needs: Callable[[str], float], say: Callable[[str], None]) -> None:
        """`needs` gives the bytes of a stage by key; `say` tells once that one waits."""
        self._needs, self._say = needs, say
        self._has = usable_memory()
        self._told = False

    def most(self, keys: Iterable[str]) -> float:
        """How many stages have memory at once, each such as the median one."""
        each = statistics.median_high(map(self._needs, keys))
        return self._has / each if each else math.inf

    def fits(self, key: str, running: Iterable[str], label: str) -> bool:
        """Whether there is memory for a stage beside what runs; alone, it may always try."""
        own, beside = self._needs(key), sum(map(self._needs, running))
        if not beside or own + beside <= self._has:
            return True
        if not self._told:
            self._told = True
            self._say(
                f"{label} waits for memory: it needs about {_gib(own)} GiB, what runs "
                f"{_gib(beside)} GiB, and this machine, a third left free, has {_gib(self._has)}."
            )
        return False


def check_disk(store: Store, stages: Iterable[Stage], say: Callable[[str], None]) -> None:
    """Refuse a stage that cannot fit the disk; `say` where all together may not.

    Raises StoreError.
    """
    free = store.free_bytes()
    sizes = [stage.cost.disk_bytes for stage in stages]
    if max(sizes) > free:
        raise StoreError(
            f"{store.path} has {decimal(free)} free, and one stage alone writes about "
            f"{decimal(int(max(sizes)))}. Free space there, or choose another folder with "
            "store=PATH."
        )
    if sum(sizes) > free:
        say(
            f"{store.path} has {decimal(free)} free, and all that is to do writes about "
            f"{decimal(int(sum(sizes)))}: the disk may fill before the end."
        )
