"""Keep freed memory in the process, so that each training step does not fault it in again."""

from __future__ import annotations

import ctypes
import gc
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
"""glibc's numbers of mallopt's parameters."""

TOP_PAD = 256 * 2**20
"""Bytes by which the heap grows at once; they cost nothing until they are used."""


def keep_freed_memory() -> bool:
    """Have the C allocator reuse large blocks instead of returning them to the system.

    What earlier work of this process left goes back first: a worker that has trained a large model
    does not hold its memory through all later stages.

    A training step on a CPU allocates and frees tens of megabytes many times; by default each
    allocation is mapped, zeroed page by page and unmapped again, which can double a step's time.
    Returns whether this system's allocator has that setting; only glibc's has.
    """
    gc.collect()
    if not give_back_freed():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, TOP_PAD))
    return all(mallopt(name, value) == 1 for name, value in settings)


def give_back_freed() -> bool:
    """Return freed blocks of C's heap to the system; whether this system's allocator can.

    For work in blocks of ever new sizes, between two parts of it. Each block lies in the gap that
    fits it best, so that in time all gaps are resident: several times what is ever in use at once.
    It takes some 10 ms, and as long again to fault in what is used next.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except AttributeError:
        return False
    trim(0)
    return True
