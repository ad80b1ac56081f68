"""The encoder of BERT, where wanted with factorized tables and shared layers.

Letters: B rows, T positions, N positions asked for, E width of the tables, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from lab.encoder.config import ACTIVATIONS, EncoderConfig
from lab.errors import ModelError
from lab.kernels.dense import Linear
from lab.kernels.dropout import Dropout
from lab.kernels.operations import operations


class Embeddings(nn.Module):
    """Word, position and type tables of width E, their sum normed. Two networks may share one.

    Of an encoder that factorizes the table of words alone, the others and the norm have width D.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.word = nn.Parameter(torch.empty(config.vocabulary, config.embedding))
        self.position = nn.Parameter(torch.empty(config.positions, config.added))
        self.kind = nn.Parameter(torch.empty(config.types, config.added))
        self.norm = nn.LayerNorm(config.added, eps=config.epsilon)

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor | None,
        types: Tensor | None,
        of_words: nn.Linear | None = None,
    ) -> Tensor:
        """Pieces, places and types (B, T) -> (B, T, E); places count from 0, types are 0.

        A map `of_words` acts before the others are added: -> (B, T, D).
        """
        kinds = self.kind[0] if types is None else F.embedding(types, self.kind)
        places = (
            self.position[: tokens.shape[1]]
            if positions is None
            else F.embedding(positions, self.position)
        )
        words = F.embedding(tokens, self.word)
        if of_words is not None:
            words = of_words(words)
        summed: Tensor = self.norm(words + places + kinds)
        return summed


class Attention(nn.Module):
    """norm(x + dropout(self-attention of x))."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.inward = Linear(config.width, 3 * config.width)
        """Queries, keys and values behind one another."""
        self.outward = Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.epsilon)
        self.dropout = Dropout(config.dropout)
        self.weight_dropout = config.attention_dropout

    def forward(self, x: Tensor, mask: Tensor | None, at: Tensor | None = None) -> Tensor:
        """x (B, T, D) and what the kernels' `together` says of who sees whom -> (B, T, D).

        Positions `at` (B, N): of these alone, as (B, N, D).
        """
        run = operations(x)
        weight, bias = self.inward.weight, self.inward.bias
        memory = None
        if at is None:
            queries = run.linear(x, weight, bias)
        else:
            width = x.shape[-1]
            memory = run.linear(x, weight[width:], bias[width:])
            x = taken(x, at)
            queries = run.linear(x, weight[:width], bias[:width])
        rate = self.weight_dropout if self.training else 0.0
        mixed = run.scaled_attend(queries, memory, self.heads, mask, rate)
        mixed = self.outward(mixed)
        normed: Tensor = self.norm(self.dropout.add(x, mixed))
        return normed


class FeedForward(nn.Module):
    """norm(x + dropout(dense(GELU(dense(x)))))."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.up = Linear(config.width, config.feed_forward)
        self.down = Linear(config.feed_forward, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.epsilon)
        self.dropout = Dropout(config.dropout)
        self.form = ACTIVATIONS[config.activation]

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        up, down = self.up, self.down
        inner = operations(x).gelu_feed_forward(
            x, up.weight, up.bias, down.weight, down.bias, self.form
        )
        normed: Tensor = self.norm(self.dropout.add(x, inner))
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
        self.dropout = Dropout(config.dropout)
        table = self.embeddings.word.shape[1]
        self.map = Linear(table, config.width) if table != config.width else None
        parts = config.parts
        self.attentions = nn.ModuleList(Attention(config) for _ in {part for part, _ in parts})
        self.feed_forwards = nn.ModuleList(FeedForward(config) for _ in {part for _, part in parts})
        self.recompute = False
        """Keep only what enters each sub-layer, and compute it again for its backward pass."""

    def forward(
        self,
        tokens: Tensor,
        types: Tensor | None = None,
        segments: Tensor | None = None,
        positions: Tensor | None = None,
        at: Tensor | None = None,
    ) -> Tensor:
        """Vectors (B, T, D) of pieces (B, T), or those (B, N, D) at the columns `at` (B, N) alone.

        `segments` (B, T) numbers the examples that are packed into a row from 1 on, 0 is padding;
        without it a row is one example. `positions` (B, T) are places within an example, and may
        be left out where rows hold one each. For the columns `at` the last layer works out nothing
        else. Raises ModelError for rows beyond the table of positions.
        """
        x = self.embedded(tokens, types, positions)
        run, last = operations(x), len(self.config.parts) - 1
        mask = None if segments is None else run.together(segments, segments)
        for layer, (attention, feed_forward) in enumerate(self.config.parts):
            asked = at if layer == last else None
            if asked is not None and segments is not None:
                mask = run.together(segments.gather(1, asked), segments)
            x = self._through(self.attentions[attention], x, mask, asked)
            x = self._through(self.feed_forwards[feed_forward], x)
        return x

    def embedded(self, tokens: Tensor, types: Tensor | None, positions: Tensor | None) -> Tensor:
        """What enters the first block (B, T, D). Raises ModelError as `forward` does."""
        length = tokens.shape[1]
        longest = self.embeddings.position.shape[0]
        if length > longest and positions is None:
            raise ModelError(
                f"A row of {length} pieces, and the table of positions ends at {longest}. Shorten "
                "the rows, or take an encoder with more positions."
            )
        of_words = self.map if self.config.factorized == "words" else None
        x: Tensor = self.dropout(self.embeddings(tokens, positions, types, of_words))
        if self.map is not None and of_words is None:
            x = self.map(x)
        return x

    def _through(self, part: nn.Module, *inputs: Tensor | None) -> Tensor:
        if self.recompute and torch.is_grad_enabled():
            found: Tensor = checkpoint(part, *inputs, use_reentrant=False)
        else:
            found = part(*inputs)
        return found


def taken(x: Tensor, at: Tensor) -> Tensor:
    """Vectors (B, T, D) at columns (B, N) -> (B, N, D)."""
    rows, length, width = x.shape
    first = torch.arange(0, rows * length, length, device=x.device).unsqueeze(1)
    found = x.reshape(-1, width).index_select(0, (first + at).flatten())
    return found.view(*at.shape, width)
