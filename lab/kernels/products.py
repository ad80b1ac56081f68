"""Products of matrices on a CPU, by whichever library is faster.

In float32 the library behind `mkldnn` takes 5 to 30% less time than the one behind `F.linear` (on
one core of an AMD EPYC).

That library compiles a product for each shape that it meets, and keeps it together with what torch
keeps of it: some 0.6 MiB, however small the product, and 1,024 of them where nobody says less. A
process that imports this module keeps `COMPILED`.

Processors without bfloat16 of their own take ten times as long for it as for float32. There the
factors are widened, multiplied in float32, and the sums rounded: what other processors do inside.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

WORTHWHILE = 1 << 21
"""Products of fewer multiply-adds than this gain nothing from the other matrix library."""
COMPILED = 128
"""Shapes whose products stay compiled. A step works on 60 to 100; what a stage decodes, on others.
A product that is compiled again takes less than a millisecond."""
OTHER_LIBRARY = (torch.float32, torch.bfloat16) if torch.backends.mkldnn.is_available() else ()
"""The dtypes whose products the other library takes; it is not there in every build of torch."""
CAPACITIES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
"""The variables that say how many, oneDNN's and torch's; read at a process's first product."""

for _variable in CAPACITIES:
    os.environ.setdefault(_variable, str(COMPILED))


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None, then: str = "none") -> Tensor:
    """then(x (M, N) weight (L, N)^T + bias (L,)) -> (M, L); `then` may be "relu".

    The other library wants x laid out by rows. For a weight's gradient, where both sides lie
    transposed, a copy costs what it gains, but for a matrix much larger than x.
    """
    if _lacks(x.dtype):
        return _in_float32(product, x, weight, bias, then)
    large = x.shape[0] * x.shape[1] * weight.shape[0] >= WORTHWHILE
    if large and x.dtype in OTHER_LIBRARY:
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, then, [], "")
    result = x @ weight.t() if bias is None else torch.addmm(bias, x, weight.t())
    return result.relu_() if then == "relu" else result


def over_rows(left: Tensor, right: Tensor) -> Tensor:
    """left (N, L)^T right (N, M) -> (L, M): a weight's gradient."""
    if _lacks(left.dtype):
        return _in_float32(over_rows, left, right)
    return left.t() @ right


def batched(left: Tensor, right: Tensor, onto: Tensor | None = None, scale: float = 1.0) -> Tensor:
    """scale left (N, L, M) right (N, M, K) + onto (N, L, K), which may be overwritten."""
    if _lacks(left.dtype):
        return _in_float32(batched, left, right, onto, scale)
    if onto is not None:
        return onto.baddbmm_(left, right, alpha=scale)
    if scale == 1.0:
        return torch.bmm(left, right)
    # Without a pass of its own for the scale.
    empty = left.new_empty(len(left), left.shape[1], right.shape[2])
    return empty.baddbmm_(left, right, beta=0.0, alpha=scale)


def _in_float32(function: Callable[..., Tensor], left: Tensor, *others: Any) -> Tensor:
    """A product of widened tensors, rounded."""
    wide = [x.float() if isinstance(x, Tensor) else x for x in (left, *others)]
    with torch.autocast("cpu", enabled=False):
        return function(*wide).to(left.dtype)


def _lacks(dtype: torch.dtype) -> bool:
    """Whether this machine multiplies matrices of a dtype many times slower than of float32."""
    return dtype is torch.bfloat16 and not _has_bfloat16()


@functools.cache
def _has_bfloat16() -> bool:
    there = torch.backends.mkldnn.is_available()
    return there and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
