"""The operations of a block on a CPU, in few passes over memory; lab.kernels.plain defines them.

They exist because of where a CPU's time goes: small layers spend more time in elementwise passes
than in products, and drawing dropout masks takes a sixth of a step.

Letters: B batch, T queries, S keys, D d_model, F d_ff, H heads, K head width, I = H K.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from lab.few_sizes import few
from lab.kernels import plain
from lab.kernels.cpu_gelu import gelu_feed_forward
from lab.kernels.masks import additive, packed
from lab.kernels.plain import compute_dtype
from lab.kernels.products import batched, over_rows, product

__all__ = [
    "attend",
    "before",
    "bernoulli",
    "compute_dtype",
    "feed_forward",
    "gelu_feed_forward",
    "linear",
    "log_partition",
    "look_up",
    "loss_rows",
    "product",
    "rms_norm",
    "scaled_attend",
    "spread",
    "together",
    "used_length",
    "visible",
]

RANDOM_BITS = 8
"""Bits drawn for one element of a dropout mask; what is finer of its probability, a row draws."""

UNLIKELY = 1e-30
"""Probabilities below this have lost digits, or all of them."""

MANY_WORDS = 1 << 15
"""Random words from which on a generator of their own is worth its seeding."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (..., N) weight (L, N)^T + bias (L,) -> (..., L)."""
    return _Linear.apply(x, weight, bias, compute_dtype(x))


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """x / sqrt(mean(x^2) + epsilon) * weight over the last dimension."""
    return _Norm.apply(x, weight, epsilon)


def feed_forward(x: Tensor, up: Tensor, down: Tensor, keep: Tensor | None, scale: float) -> Tensor:
    """down(keep * scale * relu(up(x))) for x (..., D), up (F, D), down (D, F)."""
    return _FeedForward.apply(x, up, down, keep, scale, compute_dtype(x))


def attend(
    queries: Tensor,
    memory: Tensor | None,
    heads: int,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    value_keep: Tensor | None = None,
    weight_keep: Tensor | None = None,
    scale: float = 1.0,
) -> Tensor:
    """softmax(Q K^T + bias + mask) V for every head; shapes as in lab.kernels.plain."""
    return _Attend.apply(queries, memory, heads, bias, mask, value_keep, weight_keep, scale, 1.0)


def scaled_attend(
    queries: Tensor, memory: Tensor | None, heads: int, mask: Tensor | None, rate: float
) -> Tensor:
    """dropout(softmax(Q K^T / sqrt(K) + mask)) V for every head, as lab.kernels.plain says."""
    parts, span = (3, queries.shape[1]) if memory is None else (1, memory.shape[1])
    root = (queries.shape[-1] // (parts * heads)) ** -0.5
    keep = None
    if rate:
        shape = [len(queries), heads, queries.shape[1], span]
        keep = bernoulli(shape, 1.0 - rate, compute_dtype(queries), queries.device)
    return _Attend.apply(queries, memory, heads, None, mask, None, keep, 1.0 / (1.0 - rate), root)


def look_up(query: Tensor, key: Tensor, value: Tensor, shift: Tensor | None) -> Tensor:
    """softmax(Q K^T + shift) V for few queries (N, H, T, K) of keys and values (N, H, S, K).

    Batched products take a third of the fused attention's time for single queries in bfloat16.
    """
    sizes = query.shape
    query, key, value = (x.flatten(0, 1) for x in (query, key, value))
    logits = batched(query, key.transpose(1, 2)).view(*sizes[:3], -1)
    if shift is not None:
        logits = logits.add_(shift) if logits.dtype == shift.dtype else logits + shift
    weights = logits.softmax(-1, dtype=torch.promote_types(logits.dtype, torch.float32))
    return batched(weights.flatten(0, 1).to(value.dtype), value).view(sizes)


def visible(
    query_segments: Tensor,
    key_segments: Tensor,
    *,
    causal: bool = False,
    prefix: Tensor | None = None,
) -> Tensor | None:
    """Who sees whom, as lab.kernels.plain says; small or None where no row is packed.

    Where rows hold one example each, queries need no mask of their own, and what stands after a
    causal query hides the padding too.
    """
    if prefix is not None or packed(query_segments) or packed(key_segments):
        return plain.visible(query_segments, key_segments, causal=causal, prefix=prefix)
    real = key_segments != 0
    return None if causal or bool(real.all()) else additive(real.unsqueeze(1))


together = visible
"""Who sees whom in self-attention, as `scaled_attend` takes it."""


def before(segments: Tensor) -> Tensor:
    """Who sees whom of what stands before it, as lab.kernels.plain says."""
    return additive(plain.before(segments).squeeze(1))


def used_length(segments: Tensor) -> int:
    """Positions up to the last real one of any row, and as many as make it one of few lengths."""
    return min(segments.shape[1], few(_real_length(segments)))


def spread(features: Tensor, segments: Tensor) -> Tensor:
    """Features (B, N, D) of the first columns at all those of segments (B, T); 0 behind the text.

    What was worked on beside the text to make few lengths is no state of anything.
    """
    real = _real_length(segments)
    return F.pad(features[:, :real], (0, 0, 0, segments.shape[1] - real))


def _real_length(segments: Tensor) -> int:
    used = segments.any(0).nonzero()
    return int(used[-1]) + 1 if len(used) else 1


def loss_rows(features: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The positions that count, and as many others as make it one of few numbers."""
    counted = weights.flatten().bool()
    rows, others = counted.nonzero().squeeze(1), (~counted).nonzero().squeeze(1)
    rows = torch.cat([rows, others[: few(len(rows)) - len(rows)]])
    return features.flatten(0, 1)[rows], targets.flatten()[rows], weights.flatten()[rows]


def log_partition(logits: Tensor, probabilities: Tensor, places: Tensor) -> Tensor:
    """ln sum exp(logits), as lab.kernels.plain says: one entry a row and its probability tell."""
    chosen = probabilities.gather(-1, places)
    if bool((chosen < UNLIKELY).any()):
        return plain.log_partition(logits, probabilities, places)
    return logits.gather(-1, places) - chosen.log()


def bernoulli(shape: list[int], keep: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Ones with probability `keep` (to 2^-24), else zeros, eight for one 64-bit draw.

    An element is dropped if its byte is below a threshold. Where no whole number gives the share,
    each row (along the last dimension) draws one of the two next to it: two entries of a row are
    correlated by at most 2^-18 / (keep (1 - keep)).
    """
    levels = 2**RANDOM_BITS
    below, between = divmod((1.0 - keep) * levels, 1.0)
    if below == levels - 1:
        return plain.bernoulli(shape, keep, dtype, device)
    count = torch.Size(shape).numel()
    bits = _random_words(-(-count * RANDOM_BITS // 64)).view(torch.int8)[:count].view(shape)
    row = torch.empty(*shape[:-1], 1, dtype=torch.int32).random_(1 << 16)
    threshold = (row < round(between * (1 << 16))).to(torch.int8) + (int(below) - levels // 2)
    return torch.ge(bits, threshold, out=torch.empty(shape, dtype=dtype))


def _random_words(count: int) -> Tensor:
    """64-bit words, all bits random; many of them by numpy's fastest generator, seeded by torch."""
    if count < MANY_WORDS:
        return torch.empty(count, dtype=torch.int64).random_(-(2**63), None)
    seed = int(torch.empty((), dtype=torch.int64).random_())
    return torch.from_numpy(np.random.SFC64(seed).random_raw(count).view(np.int64))


class _Linear(Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, dtype: torch.dtype
    ) -> Tensor:
        ctx.dtypes = x.dtype, weight.dtype
        rows, weight = x.to(dtype).reshape(-1, x.shape[-1]), weight.to(dtype)
        bias = None if bias is None else bias.to(dtype)
        ctx.save_for_backward(rows, weight)
        return product(rows, weight, bias).view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rows, weight = ctx.saved_tensors
        x_dtype, weight_dtype = ctx.dtypes
        shape = (*gradient.shape[:-1], rows.shape[-1])
        gradient = gradient.reshape(-1, gradient.shape[-1])
        to_x = to_weight = to_bias = None
        if ctx.needs_input_grad[0]:
            to_x = product(gradient, weight.t()).view(shape).to(x_dtype)
        if ctx.needs_input_grad[1]:
            to_weight = over_rows(gradient, rows).to(weight_dtype)
        if ctx.needs_input_grad[2]:
            to_bias = gradient.sum(0).to(weight_dtype)
        return to_x, to_weight, to_bias, None


class _Norm(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        width = x.shape[-1]
        scale = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        scale = scale.square_().div_(width).add_(epsilon).rsqrt_()
        normal = x * scale
        ctx.save_for_backward(normal, scale, weight)
        return normal * weight

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        normal, scale, weight = ctx.saved_tensors
        width = normal.shape[-1]
        shared = (gradient * normal).reshape(-1, width)
        to_weight = shared.sum(0) if ctx.needs_input_grad[1] else None
        along = torch.mv(shared, weight).div_(-width).view_as(scale)
        to_x = (gradient * weight).addcmul_(normal, along).mul_(scale)
        return to_x, to_weight, None


class _FeedForward(Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        up: Tensor,
        down: Tensor,
        keep: Tensor | None,
        scale: float,
        dtype: torch.dtype,
    ) -> Tensor:
        ctx.dtypes = x.dtype, up.dtype
        ctx.scale = scale if keep is not None else 1.0
        rows, up = x.to(dtype).reshape(-1, x.shape[-1]), up.to(dtype)
        down = (down * ctx.scale).to(dtype)
        hidden = product(rows, up, then="relu")
        if keep is not None:
            hidden.view(*x.shape[:-1], -1).mul_(keep.to(dtype))
        ctx.save_for_backward(rows, up, down, hidden)
        return product(hidden, down).view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rows, up, down, hidden = ctx.saved_tensors
        x_dtype, weight_dtype = ctx.dtypes
        shape = gradient.shape
        gradient = gradient.reshape(-1, shape[-1])
        to_down = to_up = to_x = None
        if ctx.needs_input_grad[2]:
            to_down = over_rows(gradient, hidden).to(weight_dtype)
            if ctx.scale != 1.0:
                to_down.mul_(ctx.scale)
        # A hidden unit is 0 where ReLU or dropout made it so: one test serves both.
        to_hidden = torch.ops.aten.threshold_backward(product(gradient, down.t()), hidden, 0)
        if ctx.needs_input_grad[1]:
            to_up = over_rows(to_hidden, rows).to(weight_dtype)
        if ctx.needs_input_grad[0]:
            to_x = product(to_hidden, up.t()).view(shape).to(x_dtype)
        return to_x, to_up, to_down, None, None, None


class _Attend(Function):
    @staticmethod
    def forward(
        ctx: Any,
        queries: Tensor,
        memory: Tensor | None,
        heads: int,
        bias: Tensor | None,
        mask: Tensor | None,
        value_keep: Tensor | None,
        weight_keep: Tensor | None,
        scale: float,
        root: float,
    ) -> Tensor:
        batch, length = queries.shape[:2]
        if memory is None:
            query, key, value = _heads_outside(queries, 3, heads)
        else:
            (query,) = _heads_outside(queries, 1, heads)
            key, value = _heads_outside(memory, 2, heads)
        span = key.shape[1]
        if value_keep is not None:
            # Laid out whole: a product with a broadcast row of few elements is not vectorized.
            value_keep = value_keep.reshape(batch * heads, span, 1).to(value.dtype)
            value_keep = value_keep.expand_as(value).contiguous()
            value = value * value_keep
        if scale != 1.0:
            # On values rather than on weights, of which there are more.
            value = value * scale
        shifts = [shift for shift in (bias, mask) if shift is not None]
        # All in the products' dtype: sums within products and softmax are wider by themselves.
        if shifts:
            logits = query.new_empty(batch, heads, length, span).copy_(shifts[0])
            for shift in shifts[1:]:
                logits.add_(shift.to(logits.dtype))
            logits = logits.view(-1, length, span)
            logits = batched(query, key.transpose(1, 2), logits, root)
        else:
            logits = batched(query, key.transpose(1, 2), scale=root)
        weights = torch.softmax(logits.view(batch, heads, length, span), -1)
        if weight_keep is not None:
            weight_keep = weight_keep.to(weights.dtype)
        kept = weights if weight_keep is None else weights * weight_keep
        kept = kept.view(batch * heads, length, span)
        ctx.save_for_backward(query, key, value, weights, kept, value_keep, weight_keep)
        ctx.cross, ctx.scale, ctx.root = memory is not None, scale, root
        ctx.bias_dtype = None if bias is None else bias.dtype
        mixed = batched(kept, value).view(batch, heads, length, -1)
        return mixed.transpose(1, 2).reshape(batch, length, -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights, kept, value_keep, weight_keep = ctx.saved_tensors
        batch, heads, length, _ = weights.shape
        gradient = gradient.reshape(batch, length, heads, -1).transpose(1, 2)
        gradient = gradient.reshape(batch * heads, length, -1)
        to_value = batched(kept.transpose(1, 2), gradient)
        if value_keep is not None:
            to_value.mul_(value_keep)
        if ctx.scale != 1.0:
            to_value.mul_(ctx.scale)
        to_weights = batched(gradient, value.transpose(1, 2)).view(weights.shape)
        if weight_keep is not None:
            to_weights.mul_(weight_keep)
        to_logits = torch._softmax_backward_data(to_weights, weights, -1, weights.dtype)
        to_bias = None
        if ctx.needs_input_grad[3]:
            to_bias = to_logits.sum(0, keepdim=True, dtype=ctx.bias_dtype)
        to_logits = to_logits.view_as(kept)
        to_query = batched(to_logits, key, scale=ctx.root)
        to_key = batched(to_logits.transpose(1, 2), query, scale=ctx.root)
        if ctx.cross:
            to_queries = _heads_inside([to_query], heads)
            to_memory = _heads_inside([to_key, to_value], heads)
        else:
            to_queries, to_memory = _heads_inside([to_query, to_key, to_value], heads), None
        return to_queries, to_memory, None, to_bias, None, None, None, None, None


def _heads_outside(x: Tensor, parts: int, heads: int) -> tuple[Tensor, ...]:
    """(B, T, parts I) -> parts times (B H, T, K), copied at once as batched products need it."""
    batch, length = x.shape[:2]
    split = x.reshape(batch, length, parts, heads, -1).permute(2, 0, 3, 1, 4).contiguous()
    return split.view(parts, batch * heads, length, -1).unbind(0)


def _heads_inside(parts: list[Tensor], heads: int) -> Tensor:
    """(B H, T, K) tensors -> (B, T, parts I)."""
    rows, length, width = parts[0].shape
    joined = parts[0].new_empty(rows // heads, length, len(parts), heads, width)
    for index, part in enumerate(parts):
        joined[:, :, index] = part.view(-1, heads, length, width).transpose(1, 2)
    return joined.view(rows // heads, length, -1)
