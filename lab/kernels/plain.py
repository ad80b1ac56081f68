"""The operations of a block as their formulas, for any device.

Letters: B batch, T queries, S keys, D d_model, F d_ff, H heads, K head width, I = H K.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from lab.kernels.masks import additive, causal_mask, decoder_mask, segment_mask

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


def gelu_feed_forward(
    x: Tensor, up: Tensor, up_bias: Tensor, down: Tensor, down_bias: Tensor, form: str
) -> Tensor:
    """down(GELU(up(x) + up_bias)) + down_bias for x (..., D), up (F, D), down (D, F).

    `form` is torch's word for how GELU is approximated.
    """
    return F.linear(F.gelu(F.linear(x, up, up_bias), approximate=form), down, down_bias)


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
    """softmax(Q K^T + bias + mask) V for every head -> (B, T, I).

    queries: (B, T, I) beside memory (B, S, 2 I) of keys and values, or (B, T, 3 I) of all three.
    bias: (1, H, T, S); mask: (B or 1, 1, T or 1, S), additive. Dropout's ones and zeros are given:
    value_keep (B, H, S, 1) drops a key for all queries, weight_keep (B, H, T, S) single weights;
    what is kept counts `scale` times.
    """
    if memory is None:
        query, key, value = by_head(queries, 3, heads)
    else:
        (query,) = by_head(queries, 1, heads)
        key, value = by_head(memory, 2, heads)
    shift = mask if bias is None else bias if mask is None else bias + mask
    if value_keep is not None:
        # Dropping a weight for all queries is dropping that key's value.
        value = value * (value_keep * scale).to(value.dtype)
    if weight_keep is None:
        if shift is not None:
            shift = shift.to(query.dtype)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=shift, scale=1.0)
    else:
        logits = query @ key.transpose(-1, -2)
        weights = (logits if shift is None else logits + shift).softmax(-1) * weight_keep * scale
        mixed = weights.to(value.dtype) @ value
    return mixed.transpose(1, 2).flatten(-2)


def scaled_attend(
    queries: Tensor, memory: Tensor | None, heads: int, mask: Tensor | None, rate: float
) -> Tensor:
    """dropout(softmax(Q K^T / sqrt(K) + mask)) V for every head -> (B, T, I).

    Queries and memory as in `attend`, the mask as `together` gives it; single weights are dropped
    at `rate`.
    """
    if memory is None:
        query, key, value = by_head(queries, 3, heads)
    else:
        (query,) = by_head(queries, 1, heads)
        key, value = by_head(memory, 2, heads)
    mixed = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=rate)
    return mixed.transpose(1, 2).flatten(-2)


def visible(
    query_segments: Tensor,
    key_segments: Tensor,
    *,
    causal: bool = False,
    prefix: Tensor | None = None,
) -> Tensor | None:
    """Who sees whom among segments (B, T) and (B, S), 0 for padding, as `attend` takes it.

    Additive (B, 1, T or 1, S), or None if nothing is hidden. Of `causal` attention the bias hides
    what comes later, so that a mask may leave it out; `prefix` (B, T) marks positions that see each
    other both ways, and then the mask hides all.
    """
    if prefix is not None:
        return additive(decoder_mask(None, query_segments, prefix))
    return additive(segment_mask(query_segments, key_segments))


def together(query_segments: Tensor, key_segments: Tensor) -> Tensor:
    """Who sees whom in self-attention of segments (B, T) and (B, S): True, as (B, 1, T, S).

    Padding, whose segment is 0, sees padding: a row of the softmax that nothing enters would be
    NaN.
    """
    return (query_segments.unsqueeze(-1) == key_segments.unsqueeze(-2)).unsqueeze(1)


def before(segments: Tensor) -> Tensor:
    """Who sees whom where each position sees itself and what stands before it: (B, 1, T, T).

    Of one segment of a row (B, T); padding is a segment of its own, as in `together`.
    """
    return together(segments, segments) & causal_mask(segments.shape[1], segments.device)


def used_length(segments: Tensor) -> int:
    """Columns of segments (B, T) worth working on: without looking at values, all of them."""
    return segments.shape[1]


def spread(features: Tensor, segments: Tensor) -> Tensor:
    """Features (B, N, D) of the columns that were worked on, at all those of segments (B, T)."""
    return F.pad(features, (0, 0, 0, segments.shape[1] - features.shape[1]))


def loss_rows(features: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Positions (B, T) in one row each: features (N, D), targets (N,) and weights (N,), 0 or 1."""
    return features.flatten(0, 1), targets.flatten(), weights.flatten()


def log_partition(logits: Tensor, probabilities: Tensor, places: Tensor) -> Tensor:
    """ln sum exp(logits) of each row (N, V) whose softmax is `probabilities`, as (N, 1).

    places (N, 1) are entries that are seldom improbable.
    """
    return logits.logsumexp(-1, keepdim=True)


def compute_dtype(x: Tensor) -> torch.dtype:
    """The dtype that products of `x` take now: autocast's, where it is on."""
    kind = x.device.type
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        return torch.get_autocast_dtype(kind)
    return x.dtype


def product(x: Tensor, weight: Tensor) -> Tensor:
    """x (M, N) weight (L, N)^T -> (M, L), inside of operations that have gradients of their own."""
    return x @ weight.t()


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
