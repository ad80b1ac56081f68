"""Where stages can run on this machine: one slot a core, or one (or more) a GPU."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from sweeps.hardware.gpus import visible_gpus

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
)
_CPU_SLOTS_BESIDE_GPUS = 4


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Room for one worker process."""

    device: str
    """`cpu`, or `cuda:0`: the one GPU that the worker sees."""
    threads: int
    gpu: str | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def takes(self, wanted: str, gpus: bool) -> bool:
        """Whether a stage whose cost says `wanted` runs here, on a machine with or without GPUs."""
        return not gpus or (self.gpu is not None) == (wanted == "any")


def find_slots(
    slots: int | None = None, threads: int | None = None, slots_per_gpu: int = 1
) -> list[Slot]:
    """The slots of this machine.

    Without a GPU: `slots` workers (default: one a core) of `threads` threads (default 1, which
    uses two cores 28% better than one worker of two threads). With GPUs: `slots_per_gpu` a GPU,
    at most `slots` in all, and a few for stages that need none. Nothing of CUDA is imported.
    """
    cores, gpus = available_cores(), visible_gpus()
    if not gpus:
        return [_slot(None, threads or 1) for _ in range(slots or cores)]
    on_gpus = [gpu for _ in range(slots_per_gpu) for gpu in gpus][:slots]
    each = threads or max(1, cores // len(on_gpus))
    beside = min(_CPU_SLOTS_BESIDE_GPUS, slots or cores)
    return [_slot(gpu, each) for gpu in on_gpus] + [_slot(None, threads or 1)] * beside


def most_together(slots: list[Slot]) -> int:
    """How many of these slots can run one stage together: no two of a GPU can."""
    gpus = {slot.gpu for slot in slots} - {None}
    return len(gpus) or len(slots)


def available_cores() -> int:
    """Cores that this process may use: its affinity, and a container's quota."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def _slot(gpu: str | None, threads: int) -> Slot:
    environment = dict.fromkeys(THREAD_VARIABLES, str(threads))
    environment["CUDA_VISIBLE_DEVICES"] = gpu or ""
    return Slot(
        device="cpu" if gpu is None else "cuda:0", threads=threads, gpu=gpu, environment=environment
    )
