"""Of the products that a process compiles it keeps few."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from lab.kernels.products import CAPACITIES

PRODUCTS = """
import ctypes, torch
from lab.allocator import keep_freed_memory
from lab.kernels.products import product
class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "abcdefghij"]
library = ctypes.CDLL(None)
library.mallinfo2.restype = Heap
keep_freed_memory()
weight = torch.ones(256, 256)
def used(first):
    for rows in range(first, first + 300):
        product(torch.ones(rows, 256), weight)
    return library.mallinfo2().h
before = library.mallinfo2().h
grown = used(64)
print(grown - before, used(364) - grown)
"""
"""The heap's bytes in use after products of 300 shapes, and of 300 others; h is `uordblks`."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap: run on Linux")
@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch has no oneDNN here")
def test_only_so_many_compiled_products_are_kept():
    """What products of ever new shapes leave has an end, unless a variable says more."""

    def grown(**variables: str) -> tuple[int, int]:
        output = subprocess.run(
            [sys.executable, "-c", PRODUCTS],
            env={**{k: v for k, v in os.environ.items() if k not in CAPACITIES}, **variables},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        first, further = map(int, output.split())
        return first, further

    first, further = grown()
    assert first > 2**25
    assert further < first / 10
    first, further = grown(**dict.fromkeys(CAPACITIES, "1024"))
    assert further > first / 2
