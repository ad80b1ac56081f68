"""A stack of pre-norm blocks.

Letters: B batch, T positions, S memory positions, D d_model, H heads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lab.kernels.dropout import Dropout
from lab.kernels.masks import additive, causal_mask
from lab.text_to_text.config import ModelConfig
from lab.text_to_text.layers import Adapter, Attention, FeedForward, RMSNorm
from lab.text_to_text.relpos import RelativeBias


class Block(nn.Module):
    """Self-attention, attention to a memory where there is one, feed-forward; each residual."""

    def __init__(self, config: ModelConfig, *, cross: bool) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.d_model, config.layer_norm_epsilon)
        self.attention = Attention(config)
        if cross:
            self.cross_attention_norm = RMSNorm(config.d_model, config.layer_norm_epsilon)
            self.cross_attention = Attention(config)
        self.feed_forward_norm = RMSNorm(config.d_model, config.layer_norm_epsilon)
        self.feed_forward = FeedForward(config)
        self.adapter = Adapter(config) if config.adapter_width else None
        self.dropout = Dropout(config.dropout_rate, config.dropout_form)

    def forward(
        self,
        x: Tensor,
        bias: Tensor,
        mask: Tensor | None,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """x (B, T, D), memory (B, S, D) -> (B, T, D).

        bias (1, H, T, T), mask (B, 1, T or 1, T), memory_mask (B, 1, T or 1, S), all additive.
        """
        x = self.dropout.add(x, self.attention(self.attention_norm(x), bias, mask))
        if memory is not None:
            normal = self.cross_attention_norm(x)
            x = self.dropout.add(x, self.cross_attention(normal, None, memory_mask, memory))
        x = self.dropout.add(x, self.feed_forward(self.feed_forward_norm(x)))
        return x if self.adapter is None else self.adapter(x)


class Stack(nn.Module):
    """Blocks that share one relative bias table, closed by a norm."""

    def __init__(self, config: ModelConfig, depth: int, *, cross: bool) -> None:
        super().__init__()
        self.relative_bias = RelativeBias(
            config.relative_attention_num_buckets,
            config.num_heads,
            config.relative_attention_max_distance,
        )
        self.blocks = nn.ModuleList(Block(config, cross=cross) for _ in range(depth))
        self.final_norm = RMSNorm(config.d_model, config.layer_norm_epsilon)
        self.dropout = Dropout(config.dropout_rate, config.dropout_form)
        self.recompute = False
        """Keep only what enters each block, and compute the block again for its backward pass."""

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        *,
        bidirectional: bool,
        causal: bool = False,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """x (B, T, D) embeddings, mask additive (B, 1, T or 1, T) -> (B, T, D).

        `causal` hides what stands after a position, besides what `mask` hides.
        """
        bias = self.bias(x.shape[1], bidirectional=bidirectional, causal=causal)
        x = self.dropout(x)
        for block in self.blocks:
            if self.recompute and torch.is_grad_enabled():
                inputs = (x, bias, mask, memory, memory_mask)
                x = checkpoint(block, *inputs, use_reentrant=False)
            else:
                x = block(x, bias, mask, memory, memory_mask)
        return self.dropout(self.final_norm(x))

    def bias(self, length: int, *, bidirectional: bool, causal: bool) -> Tensor:
        """The relative bias (1, H, T, T) of a row, which may hide what comes after a position."""
        bias = self.relative_bias(length, length, bidirectional=bidirectional)
        return bias + additive(causal_mask(length, bias.device)) if causal else bias
