"""The allocator setting spares page faults."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource, torch
from t5study.allocator import keep_freed_memory
told = {keep}
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(8):
        torch.empty(16 * 2**20).fill_(1.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(int(told), faults())
"""


def run(keep: str) -> tuple[int, int]:
    program = PROGRAM.format(keep=keep)
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    told, faults = output.split()
    return int(told), int(faults)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's setting: run on Linux")
def test_large_blocks_are_reused_without_new_page_faults():
    """Filling a large tensor again and again faults its pages in only once."""
    _, by_default = run("0")
    told, kept = run("keep_freed_memory()")
    assert told == 1
    assert kept < by_default / 10
