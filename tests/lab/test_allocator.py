"""The allocator setting spares page faults."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource, torch
from lab.allocator import keep_freed_memory
told = {keep}
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(8):
        torch.empty(16 * 2**20).fill_(1.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
for _ in range(4):
    faults()
print(int(told), faults())
"""
"""The heap grows to what is needed within the first rounds; how many differs by address."""


LEFTOVER = """
import torch
from lab.allocator import give_back_freed, keep_freed_memory
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20
keep_freed_memory()
before = resident()
blocks, above = [], []
for _ in range(100):
    blocks.append(torch.ones(2**20))
    above.append(torch.ones(1000))
del blocks
left = resident()
{give_back}()
print(left - before, resident() - before)
"""
"""400 MiB between blocks that stay in use."""


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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's setting: run on Linux")
@pytest.mark.parametrize("give_back", ["keep_freed_memory", "give_back_freed"])
def test_what_earlier_work_left_goes_back(give_back: str):
    """Also from the middle of the heap: between two stages, and between two parts of one."""
    program = LEFTOVER.format(give_back=give_back)
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    left, still = map(float, output.split())
    assert left > 300
    assert still < 50
