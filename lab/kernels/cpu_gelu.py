"""A feed-forward sub-layer with GELU on a CPU; lab.kernels.plain defines it.

Letters: D width, F inner width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from lab.kernels.plain import compute_dtype
from lab.kernels.products import over_rows, product


def gelu_feed_forward(
    x: Tensor, up: Tensor, up_bias: Tensor, down: Tensor, down_bias: Tensor, form: str
) -> Tensor:
    """down(GELU(up(x) + up_bias)) + down_bias for x (..., D), up (F, D), down (D, F)."""
    return _GeluFeedForward.apply(x, up, up_bias, down, down_bias, form, compute_dtype(x))


class _GeluFeedForward(Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        up: Tensor,
        up_bias: Tensor,
        down: Tensor,
        down_bias: Tensor,
        form: str,
        dtype: torch.dtype,
    ) -> Tensor:
        ctx.dtypes, ctx.form = (x.dtype, up.dtype), form
        rows, up, down = x.to(dtype).reshape(-1, x.shape[-1]), up.to(dtype), down.to(dtype)
        hidden = product(rows, up, up_bias.to(dtype))
        inner = F.gelu(hidden, approximate=form)
        ctx.save_for_backward(rows, up, down, hidden, inner)
        return product(inner, down, down_bias.to(dtype)).view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rows, up, down, hidden, inner = ctx.saved_tensors
        x_dtype, weight_dtype = ctx.dtypes
        shape = gradient.shape
        gradient = gradient.reshape(-1, shape[-1])
        needed = ctx.needs_input_grad
        to_x = to_up = to_up_bias = to_down = to_down_bias = None
        if needed[3]:
            to_down = over_rows(gradient, inner).to(weight_dtype)
        if needed[4]:
            to_down_bias = gradient.sum(0).to(weight_dtype)
        to_inner = product(gradient, down.t())
        to_hidden = torch.ops.aten.gelu_backward(to_inner, hidden, approximate=ctx.form)
        if needed[1]:
            to_up = over_rows(to_hidden, rows).to(weight_dtype)
        if needed[2]:
            to_up_bias = to_hidden.sum(0).to(weight_dtype)
        if needed[0]:
            to_x = product(to_hidden, up.t()).view(shape).to(x_dtype)
        return to_x, to_up, to_up_bias, to_down, to_down_bias, None, None
