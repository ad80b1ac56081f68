"""The parts of a block.

Letters: B batch, T queries, S keys, D d_model, F d_ff, H heads, K head width, I = H K.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from t5study.model.config import ModelConfig


class RMSNorm(nn.Module):
    """Layer normalization that only rescales (section 2.1)."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """(..., D) -> (..., D), the statistics in float32."""
        return F.rms_norm(x, self.weight.shape, self.weight, self.epsilon)


class Dropout(nn.Module):
    """Dropout with one mask for all positions of a sequence, or one for each element."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.rate = config.dropout_rate
        self.broadcast = config.dropout_form == "broadcast"

    @property
    def active(self) -> bool:
        """Whether anything is dropped now."""
        return self.training and self.rate > 0

    def mask(self, like: Tensor, positions: int = -2) -> Tensor:
        """Zeros and 1 / keep for `like`, with one entry along its dimension of positions."""
        shape = list(like.shape)
        if self.broadcast:
            shape[positions] = 1
        keep = 1.0 - self.rate
        return torch.empty(shape, device=like.device).bernoulli_(keep).div_(keep)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        return x * self.mask(x) if self.active else x

    def add(self, residual: Tensor, x: Tensor) -> Tensor:
        """residual + dropout(x)."""
        return torch.addcmul(residual, x, self.mask(x)) if self.active else residual + x


class Attention(nn.Module):
    """Multi-head attention without biases and without 1 / sqrt(K)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.num_heads
        self.query = nn.Parameter(torch.empty(config.inner, config.d_model))
        self.key = nn.Parameter(torch.empty(config.inner, config.d_model))
        self.value = nn.Parameter(torch.empty(config.inner, config.d_model))
        self.output = nn.Parameter(torch.empty(config.d_model, config.inner))
        self.dropout = Dropout(config)

    def forward(self, x: Tensor, bias: Tensor | None, memory: Tensor | None = None) -> Tensor:
        """x (B, T, D), bias broadcast to (B, H, T, S), memory (B, S, D) if not x itself."""
        if memory is None:
            fused = F.linear(x, torch.cat([self.query, self.key, self.value]))
            query, key, value = self.split(fused, 3)
        else:
            (query,) = self.split(F.linear(x, self.query), 1)
            key, value = self.split(F.linear(memory, torch.cat([self.key, self.value])), 2)
        logits = query @ key.transpose(-1, -2)
        if bias is not None:
            logits = logits + bias
        weights = logits.softmax(-1, dtype=torch.float32)
        if self.dropout.active:
            weights = weights * self.dropout.mask(weights)
        mixed = (weights.to(value.dtype) @ value).transpose(1, 2)
        return F.linear(mixed.flatten(-2), self.output)

    def split(self, x: Tensor, parts: int) -> tuple[Tensor, ...]:
        """(B, T, parts I) -> parts times (B, H, T, K)."""
        shape = (*x.shape[:-1], parts, self.heads, -1)
        return x.view(shape).permute(2, 0, 3, 1, 4).unbind(0)


class FeedForward(nn.Module):
    """Dense-ReLU-dense, or the gated GELU of v1.1."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gated = config.feed_forward == "gated_gelu"
        if self.gated:
            self.gate = nn.Parameter(torch.empty(config.d_ff, config.d_model))
        self.up = nn.Parameter(torch.empty(config.d_ff, config.d_model))
        self.down = nn.Parameter(torch.empty(config.d_model, config.d_ff))
        self.dropout = Dropout(config)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        if self.gated:
            hidden = F.gelu(F.linear(x, self.gate), approximate="tanh") * F.linear(x, self.up)
        else:
            hidden = F.linear(x, self.up).relu()
        return F.linear(self.dropout(hidden), self.down)
