"""Products of matrices on a CPU, by whichever library is faster.

In float32 the library behind `mkldnn` takes 5 to 30% less time than the one behind `F.linear` (on
one core of an AMD EPYC).

That library compiles a product for each shape that it meets, and keeps it together with what torch
keeps of it: some 0.6 MiB, however small the product, and 1,024 of them where nobody says less. A
process that imports this module keeps `COMPILED`.
"""

from __future__ import annotations

import functools
import os

import torch
from torch import Tensor

WORTHWHILE = 1 << 21
"""Products of fewer multiply-adds than this gain nothing from the other matrix library."""
COMPILED = 128
"""Shapes whose products stay compiled. A step works on 60 to 100; what a stage decodes, on others.
A product that is compiled again takes less than a millisecond."""
CAPACITIES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
"""The variables that say how many, oneDNN's and torch's; read at a process's first product."""

for _variable in CAPACITIES:
    os.environ.setdefault(_variable, str(COMPILED))


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None, then: str = "none") -> Tensor:
    """then(x (M, N) weight (L, N)^T + bias (L,)) -> (M, L); `then` may be "relu".

    The other one wants x laid out by rows. For a weight's gradient, where both sides lie
    transposed, a copy costs what it gains, but for a matrix much larger than x.
    """
    large = x.shape[0] * x.shape[1] * weight.shape[0] >= WORTHWHILE
    if large and x.dtype in _other_library():
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, then, [], "")
    result = x @ weight.t() if bias is None else torch.addmm(bias, x, weight.t())
    return result.relu_() if then == "relu" else result


@functools.cache
def _other_library() -> tuple[torch.dtype, ...]:
    """The dtypes whose products this machine's oneDNN takes."""
    if not torch.backends.mkldnn.is_available():
        return ()
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return (torch.float32, torch.bfloat16)
    return (torch.float32,)
