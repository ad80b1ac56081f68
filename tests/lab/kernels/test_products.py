"""Products of matrices: in which dtype, and how many compiled ones a process keeps."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from lab.kernels import products
from lab.kernels.products import CAPACITIES, batched, over_rows, product

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


FACTORS = {
    product: ((40, 24), (16, 24), (16,), "relu"),
    over_rows: ((40, 24), (40, 16)),
    batched: ((6, 40, 24), (6, 24, 16), (6, 40, 16), 0.5),
}
"""Shapes of tensors, and the other arguments."""


@pytest.mark.parametrize("function", FACTORS, ids=lambda one: one.__name__)
def test_without_bfloat16_of_its_own_a_machine_rounds_products_of_float32(
    function: Callable[..., Tensor], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(products, "_has_bfloat16", lambda: False)
    torch.manual_seed(0)
    given = [
        torch.randn(one).bfloat16() if isinstance(one, tuple) else one for one in FACTORS[function]
    ]
    exact = function(*(x.double() if isinstance(x, Tensor) else x for x in given))
    assert exact.dtype is torch.float64
    seen: list[torch.dtype] = []

    class Watch(TorchDispatchMode):
        """Notes of which dtype the products are."""

        def __torch_dispatch__(self, call, types, args=(), kwargs=None):
            if call.overloadpacket.__name__ in ("mm", "addmm", "bmm", "baddbmm", "baddbmm_"):
                seen.append(args[1].dtype)
            return call(*args, **(kwargs or {}))

    # What autocast would make of the widened factors is bfloat16 again.
    with torch.autocast("cpu"), Watch():
        made = function(*given)
    assert seen == [torch.float32]
    assert made.dtype is torch.bfloat16
    assert torch.allclose(made.double(), exact, rtol=2**-8, atol=1e-6)
