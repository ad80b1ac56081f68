"""A stack of pre-norm blocks.

Letters: B batch, T positions, S memory positions, D d_model, H heads.
"""

from __future__ import annotations

from torch import Tensor, nn

from t5study.model.config import ModelConfig
from t5study.model.layers import Attention, Dropout, FeedForward, RMSNorm
from t5study.model.relpos import RelativeBias


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
        self.dropout = Dropout(config)

    def forward(
        self,
        x: Tensor,
        bias: Tensor | None,
        memory: Tensor | None = None,
        memory_bias: Tensor | None = None,
    ) -> Tensor:
        """x (B, T, D); bias (B or 1, H, T, T); memory (B, S, D); memory_bias (B, 1, T or 1, S)."""
        x = self.dropout.add(x, self.attention(self.attention_norm(x), bias))
        if memory is not None:
            y = self.cross_attention(self.cross_attention_norm(x), memory_bias, memory)
            x = self.dropout.add(x, y)
        return self.dropout.add(x, self.feed_forward(self.feed_forward_norm(x)))


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
        self.dropout = Dropout(config)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        *,
        bidirectional: bool,
        memory: Tensor | None = None,
        memory_bias: Tensor | None = None,
    ) -> Tensor:
        """x (B, T, D) embeddings, mask additive (B or 1, 1, T or 1, T) -> (B, T, D)."""
        bias = self.relative_bias(x.shape[1], x.shape[1], bidirectional=bidirectional)
        if mask is not None:
            bias = bias + mask
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, bias, memory, memory_bias)
        return self.dropout(self.final_norm(x))
