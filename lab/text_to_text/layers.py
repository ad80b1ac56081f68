"""The parts of a block.

Letters: B batch, T queries, S keys, D d_model, F d_ff, H heads, K head width, I = H K.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lab.kernels.dropout import Dropout
from lab.kernels.operations import operations
from lab.text_to_text.config import ModelConfig


class RMSNorm(nn.Module):
    """Layer normalization that only rescales (section 2.1)."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """(..., D) -> (..., D)."""
        return operations(x).rms_norm(x, self.weight, self.epsilon)


class Attention(nn.Module):
    """Multi-head attention without biases and without 1 / sqrt(K)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.num_heads
        self.query = nn.Parameter(torch.empty(config.inner, config.d_model))
        self.key = nn.Parameter(torch.empty(config.inner, config.d_model))
        self.value = nn.Parameter(torch.empty(config.inner, config.d_model))
        self.output = nn.Parameter(torch.empty(config.d_model, config.inner))
        self.dropout = Dropout(config.dropout_rate, config.dropout_form)

    def forward(
        self,
        x: Tensor,
        bias: Tensor | None,
        mask: Tensor | None,
        memory: Tensor | None = None,
    ) -> Tensor:
        """x (B, T, D) and memory (B, S, D), if not x itself -> (B, T, D).

        bias: (1, H, T, S); mask: (B or 1, 1, T or 1, S), additive.
        """
        run = operations(x)
        if memory is None:
            queries = run.linear(x, torch.cat([self.query, self.key, self.value]))
            pairs, span = None, x.shape[1]
        else:
            queries = run.linear(x, self.query)
            pairs, span = run.linear(memory, torch.cat([self.key, self.value])), memory.shape[1]
        value_keep = weight_keep = None
        scale = 1.0
        if self.dropout.active:
            sizes = (x.shape[0], self.heads, x.shape[1], span)
            keep, scale = self.dropout.mask(x, *sizes, dtype=queries.dtype), self.dropout.scale
            if self.dropout.broadcast:
                value_keep = keep.transpose(-1, -2)
            else:
                weight_keep = keep
        mixed = run.attend(queries, pairs, self.heads, bias, mask, value_keep, weight_keep, scale)
        return run.linear(mixed, self.output)


class FeedForward(nn.Module):
    """Dense-ReLU-dense, or the gated GELU of v1.1."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gated = config.feed_forward == "gated_gelu"
        if self.gated:
            self.gate = nn.Parameter(torch.empty(config.d_ff, config.d_model))
        self.up = nn.Parameter(torch.empty(config.d_ff, config.d_model))
        self.down = nn.Parameter(torch.empty(config.d_model, config.d_ff))
        self.dropout = Dropout(config.dropout_rate, config.dropout_form)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        run = operations(x)
        if self.gated:
            gate = F.gelu(run.linear(x, self.gate), approximate="tanh")
            return run.linear(self.dropout(gate * run.linear(x, self.up)), self.down)
        keep = None
        if self.dropout.active:
            sizes = (*x.shape[:-1], self.up.shape[0])
            keep = self.dropout.mask(x, *sizes, dtype=run.compute_dtype(x))
        return run.feed_forward(x, self.up, self.down, keep, self.dropout.scale)


class Adapter(nn.Module):
    """x + dropout(dense(relu(dense(norm(x))))) with an inner width of its own (section 3.5.1)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        inner = replace(config, d_ff=config.adapter_width, feed_forward="relu")
        self.norm = RMSNorm(config.d_model, config.layer_norm_epsilon)
        self.feed_forward = FeedForward(inner)
        self.dropout = Dropout(config.dropout_rate, config.dropout_form)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        return self.dropout.add(x, self.feed_forward(self.norm(x)))
