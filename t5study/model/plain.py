"""The operations of a block as their formulas, for any device.

Letters: B batch, T queries, S keys, D d_model, F d_ff, H heads, K head width, I = H K.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

linear = F.linear


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """x / sqrt(mean(x^2) + epsilon) * weight over the last dimension."""
    return F.rms_norm(x, weight.shape, weight, epsilon)


def feed_forward(x: Tensor, up: Tensor, down: Tensor, keep: Tensor | None, scale: float) -> Tensor:
    """down(keep * scale * relu(up(x))) for x (..., D), up (F, D), down (D, F)."""
    hidden = F.linear(x, up).relu()
    if keep is not None:
        hidden = hidden * (keep * scale).to(hidden.dtype)
    return F.linear(hidden, down)


def attend(
    queries: Tensor,
    memory: Tensor | None,
    heads: int,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    value_keep: Tensor | None = None,
    weight_keep: Tensor | None = None,
) -> Tensor:
    """softmax(Q K^T + bias + mask) V for every head -> (B, T, I).

    queries: (B, T, I) beside memory (B, S, 2 I) of keys and values, or (B, T, 3 I) of all three.
    bias: (1, H, T, S); mask: (B or 1, 1, T or 1, S), additive. Dropout's factors are given:
    value_keep (B, H, S, 1) drops a key for all queries, weight_keep (B, H, T, S) single weights.
    """
    if memory is None:
        query, key, value = by_head(queries, 3, heads)
    else:
        (query,) = by_head(queries, 1, heads)
        key, value = by_head(memory, 2, heads)
    shift = mask if bias is None else bias if mask is None else bias + mask
    if value_keep is not None:
        # Dropping a weight for all queries is dropping that key's value.
        value = value * value_keep.to(value.dtype)
    if weight_keep is None:
        if shift is not None:
            shift = shift.to(query.dtype)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=shift, scale=1.0)
    else:
        logits = query @ key.transpose(-1, -2)
        weights = (logits if shift is None else logits + shift).softmax(-1) * weight_keep
        mixed = weights.to(value.dtype) @ value
    return mixed.transpose(1, 2).flatten(-2)


def look_up(query: Tensor, key: Tensor, value: Tensor, shift: Tensor | None) -> Tensor:
    """softmax(Q K^T + shift) V for few queries (N, H, T, K) of keys and values (N, H, S, K)."""
    if shift is not None:
        shift = shift.to(query.dtype)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=shift, scale=1.0)


def by_head(x: Tensor, parts: int, heads: int) -> tuple[Tensor, ...]:
    """(B, T, parts I) -> parts times (B, H, T, K)."""
    shape = (*x.shape[:-1], parts, heads, -1)
    return x.view(shape).permute(2, 0, 3, 1, 4).unbind(0)


def bernoulli(shape: list[int], keep: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Ones with probability `keep`, else zeros."""
    return torch.empty(shape, dtype=dtype, device=device).bernoulli_(keep)
