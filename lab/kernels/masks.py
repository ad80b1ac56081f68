"""Who may attend to whom.

Letters: B batch, T queries, S keys. Masks are boolean, True where attention is allowed.
"""

from __future__ import annotations

import torch
from torch import Tensor

MASKED = -1e9
"""Added to a logit that must not count: its softmax weight is exactly 0 in every precision."""


def segment_mask(query_segments: Tensor, key_segments: Tensor) -> Tensor:
    """Return (B, T, S): within one packed example; segment 0 is padding and sees nothing."""
    query, key = query_segments.unsqueeze(-1), key_segments.unsqueeze(-2)
    return (query == key) & (query != 0)


def causal_mask(length: int, device: torch.device | str = "cpu") -> Tensor:
    """Return (T, T): each position sees itself and what stands before it."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def decoder_mask(
    decoder_target_tokens: Tensor | None = None,
    decoder_segment_ids: Tensor | None = None,
    decoder_causal_attention: Tensor | None = None,
) -> Tensor:
    """Return (B, T, T) for a decoder or a single stack (section 3.2.1, Figure 3).

    Positions marked 1 in `decoder_causal_attention` (B, T) also see the marked ones after them.
    Segments (B, T) default to one example a row, ending where the targets (B, T) turn to 0.
    """
    if decoder_segment_ids is None:
        if decoder_target_tokens is None:
            raise ValueError("decoder_mask needs decoder_target_tokens or decoder_segment_ids")
        decoder_segment_ids = (decoder_target_tokens != 0).long()
    allowed = causal_mask(decoder_segment_ids.shape[-1], decoder_segment_ids.device)
    if decoder_causal_attention is not None:
        prefix = decoder_causal_attention.bool()
        allowed = allowed | (prefix.unsqueeze(-1) & prefix.unsqueeze(-2))
    return allowed & segment_mask(decoder_segment_ids, decoder_segment_ids)


def additive(mask: Tensor) -> Tensor:
    """Return 0 where `mask` (..., T, S) allows and MASKED elsewhere, as (..., 1, T, S)."""
    zero = torch.zeros((), device=mask.device)
    return torch.where(mask, zero, zero + MASKED).unsqueeze(-3)


def packed(segments: Tensor) -> bool:
    """Whether any row holds more than one example."""
    return bool((segments > 1).any())
