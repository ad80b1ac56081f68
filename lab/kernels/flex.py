"""The operations of a block on a CUDA device; lab.kernels.plain defines them.

All but attention is left to torch.compile, which fuses what stands between products. Attention in
training is FlexAttention: its kernel adds the relative bias from a tensor, skips blocks in which
nobody sees anybody, and gives the bias a gradient. Without gradients the plain path does well.
Targets are shorter than a block, for which FlexAttention would take a kernel made for decoding,
that passes its result through memory in float32: the training kernel is asked for.

Letters: B batch, T queries, S keys, H heads, K head width, I = H K.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import (
    BlockMask,
    create_block_mask,
    create_mask,
    flex_attention,
)

from lab.kernels import plain
from lab.kernels.masks import additive
from lab.kernels.plain import (
    before,
    bernoulli,
    by_head,
    compute_dtype,
    feed_forward,
    gelu_feed_forward,
    linear,
    log_partition,
    look_up,
    loss_rows,
    product,
    rms_norm,
    scaled_attend,
    spread,
    together,
    used_length,
)

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


def visible(
    query_segments: Tensor,
    key_segments: Tensor,
    *,
    causal: bool = False,
    prefix: Tensor | None = None,
) -> Tensor | BlockMask | None:
    """Who sees whom, as lab.kernels.plain says; where gradients are taken, by blocks."""
    if not torch.is_grad_enabled():
        return plain.visible(query_segments, key_segments, causal=causal, prefix=prefix)

    def sees(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        segment = query_segments[batch, query]
        allowed = (segment == key_segments[batch, key]) & (segment != 0)
        if prefix is not None:
            both = (prefix[batch, query] != 0) & (prefix[batch, key] != 0)
            return allowed & ((query >= key) | both)
        return allowed & (query >= key) if causal else allowed

    rows, queries = query_segments.shape
    keys = key_segments.shape[1]
    return create_block_mask(sees, rows, None, queries, keys, device=query_segments.device)


def attend(
    queries: Tensor,
    memory: Tensor | None,
    heads: int,
    bias: Tensor | None = None,
    mask: Tensor | BlockMask | None = None,
    value_keep: Tensor | None = None,
    weight_keep: Tensor | None = None,
    scale: float = 1.0,
) -> Tensor:
    """softmax(Q K^T + bias + mask) V for every head; shapes as in lab.kernels.plain.

    Single weights cannot be dropped inside of the fused kernel: that is the plain path's.
    """
    if not isinstance(mask, BlockMask):
        return plain.attend(queries, memory, heads, bias, mask, value_keep, weight_keep, scale)
    if weight_keep is not None:
        rows, length = queries.shape[:2]
        span = length if memory is None else memory.shape[1]
        seen = create_mask(mask.mask_mod, rows, None, length, span, device=str(queries.device))
        shift = additive(seen.squeeze(1))
        return plain.attend(queries, memory, heads, bias, shift, None, weight_keep, scale)
    if memory is None:
        query, key, value = by_head(queries, 3, heads)
    else:
        (query,) = by_head(queries, 1, heads)
        key, value = by_head(memory, 2, heads)
    if value_keep is not None:
        value = value * (value_keep * scale).to(value.dtype)
    change = None if bias is None else adding(bias)
    # Within a compiled step it is compiled with the rest: compiling it there breaks the graph.
    run = flex_attention if torch.compiler.is_compiling() else _compiled()
    mixed = run(
        query,
        key,
        value,
        score_mod=change,
        block_mask=mask,
        scale=1.0,
        kernel_options={"FORCE_USE_FLEX_ATTENTION": True},
    )
    return mixed.transpose(1, 2).flatten(-2)


def adding(bias: Tensor) -> Callable[..., Tensor]:
    """What FlexAttention does to each score: add bias (1, H, T, S), read at its place."""
    # Traced, it is indexed by tensors alone: a number among them takes another path.
    table = bias.squeeze(0)

    def biased(score: Tensor, batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return score + table[head, query, key]

    return biased


@functools.cache
def _compiled() -> Any:
    """FlexAttention is a kernel only when compiled, whether or not the step around it is."""
    return torch.compile(flex_attention)
