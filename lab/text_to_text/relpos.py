"""Relative position buckets and the bias each adds to attention logits (section 2.1).

Letters: H heads, T query length, S key length.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def relative_position_bucket(
    relative_position: Tensor,
    bidirectional: bool,
    num_buckets: int = 32,
    max_distance: int = 128,
) -> Tensor:
    """Return the bucket of each distance key - query, of the same shape.

    Half of the buckets hold one distance each, the others grow logarithmically up to
    `max_distance`. Bidirectional, the upper half of all buckets is for keys after the query;
    otherwise those are all in bucket 0.
    """
    if bidirectional:
        num_buckets //= 2
        offset = (relative_position > 0).long() * num_buckets
        distance = relative_position.abs()
    else:
        offset = torch.zeros_like(relative_position)
        distance = (-relative_position).clamp(min=0)
    exact = num_buckets // 2
    # In float32, as the released code computes it: the edges of buckets depend on it.
    growth = torch.log(distance.clamp(min=1).float() / exact) / math.log(max_distance / exact)
    logarithmic = exact + (growth * (num_buckets - exact)).long()
    logarithmic = logarithmic.clamp(max=num_buckets - 1)
    return offset + torch.where(distance < exact, distance, logarithmic)


class RelativeBias(nn.Module):
    """One stack's table of biases by bucket and head."""

    def __init__(self, num_buckets: int, num_heads: int, max_distance: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_buckets, num_heads))
        self.max_distance = max_distance

    def forward(
        self, queries: int, keys: int, *, bidirectional: bool, first_query: int = 0
    ) -> Tensor:
        """Return the bias (1, H, T, S) of queries first_query, first_query + 1, ..."""
        # The bias depends on the distance alone: look each distance up once, then lay the row of
        # them out shifted by one for every query.
        last = first_query + queries - 1
        distance = torch.arange(-last, keys - first_query, device=self.weight.device)
        bucket = relative_position_bucket(
            distance, bidirectional, self.weight.shape[0], self.max_distance
        )
        row = F.embedding(bucket, self.weight).t()
        # Laid out as logits are: each layer adds it to a whole batch of them.
        return row.unfold(1, keys, 1).flip(1).unsqueeze(0).contiguous()
