"""The encoder of BERT, where wanted with factorized tables and shared layers.

Letters: B rows, T positions, E width of the tables, D width, H heads, F inner width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lab.encoder.config import ACTIVATIONS, EncoderConfig
from lab.errors import ModelError


class Embeddings(nn.Module):
    """Word, position and type tables of width E, their sum normed. Two networks may share one."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.word = nn.Parameter(torch.empty(config.vocabulary, config.embedding))
        self.position = nn.Parameter(torch.empty(config.positions, config.embedding))
        self.kind = nn.Parameter(torch.empty(config.types, config.embedding))
        self.norm = nn.LayerNorm(config.embedding, eps=config.epsilon)

    def forward(self, tokens: Tensor, positions: Tensor, types: Tensor | None) -> Tensor:
        """Pieces, places and types (B, T) -> (B, T, E); without types all are 0."""
        kinds = self.kind[0] if types is None else F.embedding(types, self.kind)
        places = F.embedding(positions, self.position)
        summed: Tensor = self.norm(F.embedding(tokens, self.word) + places + kinds)
        return summed


class Attention(nn.Module):
    """norm(x + dropout(self-attention of x))."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.inward = nn.Linear(config.width, 3 * config.width)
        """Queries, keys and values behind one another."""
        self.outward = nn.Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.epsilon)
        self.dropout = nn.Dropout(config.dropout)
        self.weight_dropout = config.attention_dropout

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x (B, T, D), mask (B, 1, T, T), True where attention is allowed -> (B, T, D)."""
        rows, length, width = x.shape
        parts = self.inward(x).view(rows, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        share = self.weight_dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=share)
        mixed = self.outward(mixed.transpose(1, 2).reshape(rows, length, width))
        normed: Tensor = self.norm(x + self.dropout(mixed))
        return normed


class FeedForward(nn.Module):
    """norm(x + dropout(dense(GELU(dense(x)))))."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.width, config.feed_forward)
        self.down = nn.Linear(config.feed_forward, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.epsilon)
        self.dropout = nn.Dropout(config.dropout)
        self.form = ACTIVATIONS[config.activation]

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        inner = F.gelu(self.up(x), approximate=self.form)
        normed: Tensor = self.norm(x + self.dropout(self.down(inner)))
        return normed


class Encoder(nn.Module):
    """Tables, the map to the width where it differs, and blocks with the norm behind each part.

    `embeddings` may be those of another encoder: then both train them.
    """

    def __init__(self, config: EncoderConfig, embeddings: Embeddings | None = None) -> None:
        super().__init__()
        if complaints := config.complaints():
            raise ModelError(" ".join(complaints))
        self.config = config
        self.embeddings = embeddings or Embeddings(config)
        self.dropout = nn.Dropout(config.dropout)
        table = self.embeddings.word.shape[1]
        self.map = nn.Linear(table, config.width) if table != config.width else None
        parts = config.parts
        self.attentions = nn.ModuleList(Attention(config) for _ in {part for part, _ in parts})
        self.feed_forwards = nn.ModuleList(FeedForward(config) for _ in {part for _, part in parts})

    def forward(
        self,
        tokens: Tensor,
        types: Tensor | None = None,
        segments: Tensor | None = None,
        positions: Tensor | None = None,
    ) -> Tensor:
        """Vectors (B, T, D) of pieces (B, T).

        `segments` (B, T) numbers the examples that are packed into a row from 1 on, 0 is padding;
        without it a row is one example. `positions` (B, T) are places within an example, and may
        be left out where rows hold one each. Raises ModelError for rows beyond the table of
        positions.
        """
        length = tokens.shape[1]
        longest = self.embeddings.position.shape[0]
        if length > longest and positions is None:
            raise ModelError(
                f"A row of {length} pieces, and the table of positions ends at {longest}. Shorten "
                "the rows, or take an encoder with more positions."
            )
        if positions is None:
            positions = torch.arange(length, device=tokens.device).expand_as(tokens)
        mask = None
        if segments is not None:
            # Padding sees padding: a row of the softmax that nothing enters would be NaN.
            mask = (segments.unsqueeze(-1) == segments.unsqueeze(-2)).unsqueeze(1)
        x = self.dropout(self.embeddings(tokens, positions, types))
        if self.map is not None:
            x = self.map(x)
        for attention, feed_forward in self.config.parts:
            x = self.feed_forwards[feed_forward](self.attentions[attention](x, mask))
        return x
