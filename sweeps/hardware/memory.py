"""The memory of this machine: how much there is to plan with, and giving back what was freed."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

GAPS = 1 / 3
"""The share of a machine's memory to leave free where a CPU computes: C's heap has gaps, so that a
process may hold half as much again as what lives in it (benchmarks/README.md)."""


@functools.cache
def machine_memory() -> float:
    """Bytes of the machine, or of the container that we are in."""
    memory = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, float(Path("/sys/fs/cgroup/memory.max").read_text()))
    return memory


def usable_memory() -> float:
    """Bytes of it for what CPUs compute."""
    return without_gaps(machine_memory())


def without_gaps(memory: float) -> float:
    """What may live in so many bytes of a CPU's memory."""
    return memory * (1 - GAPS)


@functools.cache
def gpu_memory() -> float | None:
    """Bytes of the smallest GPU; None where nobody knows."""
    if shutil.which("nvidia-smi") is None:
        return None
    question = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=20, check=True)
        return min(float(line) for line in answer.stdout.split()) * 2**20
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def forget_peak() -> bool:
    """Count this process's peak from here on; whether this system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak() -> int | None:
    """Bytes that this process had at most since `forget_peak`; None where the system keeps none."""
    return _status("VmHWM")


def _status(name: str) -> int | None:
    """Bytes that Linux counts of this process under a name; None where it does not."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 2**10
    return None


def kept() -> int:
    """Bytes that this process has when all that it can is given back, and the gaps of its heap.

    Blocks of the next stage lie in those gaps, of other sizes in others, until nearly all of them
    are resident again. 0 where nobody knows.
    """
    give_back()
    return (_status("VmRSS") or 0) + _gaps()


def _gaps() -> int:
    """Bytes between what is in use of C's heap that are not resident; 0 where nobody knows."""
    gaps, counts = 0, {"Size:": 1, "Rss:": -1}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/smaps").read_text().splitlines():
            name, *values = line.split()
            if not name.endswith(":"):
                of_heap = values[-1] == "[heap]"
            elif of_heap and name in counts:
                gaps += counts[name] * int(values[0]) * 2**10
    return gaps


def give_back() -> None:
    """Return to the system what this process has freed, where its C library can."""
    gc.collect()
    if sys.platform.startswith("linux"):
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
