"""What a model remembers while it writes: keys and values of everything read so far.

Letters: N rows, S memory positions, T positions so far, D d_model, H heads, K head width, I = H K.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from lab.few_sizes import few
from lab.kernels.masks import MASKED
from lab.kernels.operations import operations
from lab.text_to_text.config import ModelConfig
from lab.text_to_text.layers import FeedForward, RMSNorm
from lab.text_to_text.stack import Block, Stack

FIRST_CAPACITY = 32
Linear = Callable[[Tensor, Tensor], Tensor]


class DecodingState:
    """One stack's caches for rows that are written together, one position a step.

    After `widen(W)`, W rows in succession share one source's memory, and `reorder` must keep them
    so.
    """

    def __init__(self, stack: Stack, config: ModelConfig, rows: int, output: Tensor) -> None:
        self.rows = rows
        self.length = 0
        self.ready: Tensor | None = None
        """Features (N, 1, D) of the next step, where reading the input has given them already."""

        device, dtype = output.device, output.dtype
        if torch.is_autocast_enabled(device.type):
            dtype = torch.get_autocast_dtype(device.type)
        self._stack = stack
        self._bidirectional = config.layout.prefix
        self._operations = operations(output)
        self._linear: Linear = self._operations.linear
        self._output = output.to(dtype)
        self._blocks = [_BlockWeights(block, dtype) for block in stack.blocks]  # type: ignore[arg-type]
        shape = (len(self._blocks), 2, rows, config.num_heads, FIRST_CAPACITY, config.d_kv)
        # Zeros: a step looks past the last position, where its weights are 0.
        self._cache = torch.zeros(shape, dtype=dtype, device=device)
        self._width = 1
        self._bias = self._bias_row()
        self._hidden: Tensor | None = None
        self._memory: list[Tensor] = []
        self._memory_mask: Tensor | None = None

    def remember(self, memory: Tensor, mask: Tensor | None) -> None:
        """Keep the keys and values of an encoder's states (N, S, D), and their additive mask."""
        for weights in self._blocks:
            pairs = self._linear(memory, weights.memory)
            shape = (*pairs.shape[:-1], 2, weights.heads, weights.head_width)
            self._memory.append(pairs.view(shape).permute(2, 0, 3, 1, 4).contiguous())
        if mask is not None:
            self._memory_mask = mask.to(self._memory[0].dtype)

    def read(self, x: Tensor, mask: Tensor | None, hidden: Tensor | None, *, causal: bool) -> None:
        """Take in embeddings (N, T, D) at once; the last position's features become `ready`.

        mask: additive (N, 1, T or 1, T) for reading; hidden: (N, T), True where steps never look.
        """
        length = x.shape[1]
        self._make_room(length)
        bias = self._stack.bias(length, bidirectional=self._bidirectional, causal=causal)
        for layer, weights in enumerate(self._blocks):
            block = weights.block
            fused = self._linear(block.attention_norm(x), weights.fused)
            split = fused.view(self.rows, length, 3, weights.heads, -1).permute(2, 0, 3, 1, 4)
            self._cache[layer, :, :, :, :length] = split[1:]
            mixed = self._operations.attend(fused, None, weights.heads, bias, mask)
            x = weights.feed(x + self._linear(mixed, weights.output), self._linear)
        self.length = length
        self.ready = self._stack.final_norm(x[:, -1:])
        if hidden is not None:
            self._hidden = hidden[:, None, None].to(self._cache.dtype) * MASKED

    def step(self, x: Tensor) -> Tensor:
        """Take in one embedding a row (N, 1, D) and return its features (N, 1, D)."""
        end = self.length + 1
        seen = few(end)
        self._make_room(seen)
        bias = F.pad(self._bias[..., -end:], (0, seen - end), value=MASKED)
        if self._hidden is not None:
            bias = bias + F.pad(self._hidden, (0, seen - self._hidden.shape[-1]))
        for layer, weights in enumerate(self._blocks):
            fused = self._linear(weights.block.attention_norm(x), weights.fused)
            split = fused.view(self.rows, 3, weights.heads, weights.head_width).transpose(0, 1)
            self._cache[layer, :, :, :, self.length] = split[1:]
            key, value = self._cache[layer, :, :, :, :seen]
            mixed = self._operations.look_up(split[0].unsqueeze(2), key, value, bias)
            x = x + self._linear(mixed.view(self.rows, 1, -1), weights.output)
            if self._memory:
                x = x + self._look_back(weights, x, self._memory[layer])
            x = weights.feed(x, self._linear)
        self.length = end
        return self._stack.final_norm(x)

    def logits(self, features: Tensor) -> Tensor:
        """(N, 1, D) -> (N, V)."""
        return self._linear(features, self._output).squeeze(1).float()

    def reorder(self, index: Tensor) -> None:
        """Go on with the rows `index`: some dropped, some repeated, in that order."""
        sources = index.view(-1, self._width)[:, 0] // self._width
        old, self.rows = self.rows, len(index)
        self._cache = self._cache.index_select(2, index)
        if self.ready is not None:
            self.ready = self.ready.index_select(0, index)
        if self._hidden is not None:
            self._hidden = self._hidden.index_select(0, index)
        if self._memory and not _is_identity(sources, old // self._width):
            self._memory = [memory.index_select(1, sources) for memory in self._memory]
            if self._memory_mask is not None:
                self._memory_mask = self._memory_mask.index_select(0, sources)

    def widen(self, width: int) -> None:
        """Make each row `width` rows that share its memory."""
        index = torch.arange(self.rows, device=self._cache.device).repeat_interleave(width)
        memory, mask, self._memory, self._memory_mask = self._memory, self._memory_mask, [], None
        self.reorder(index)
        self._memory, self._memory_mask, self._width = memory, mask, width

    def _look_back(self, weights: _BlockWeights, x: Tensor, memory: Tensor) -> Tensor:
        query = self._linear(weights.block.cross_attention_norm(x), weights.cross_query)
        shape = (-1, self._width, weights.heads, weights.head_width)
        key, value = memory
        query = query.view(shape).transpose(1, 2)
        mixed = self._operations.look_up(query, key, value, self._memory_mask)
        mixed = mixed.transpose(1, 2).reshape(self.rows, 1, -1)
        return self._linear(mixed, weights.cross_output)

    def _make_room(self, length: int) -> None:
        capacity = self._cache.shape[-2]
        if length > capacity:
            grown = max(length, 2 * capacity) - capacity
            self._cache = F.pad(self._cache, (0, 0, 0, grown))
        if self._cache.shape[-2] > self._bias.shape[-1]:
            self._bias = self._bias_row()

    def _bias_row(self) -> Tensor:
        """The bias (1, H, 1, capacity) of the last position towards all up to itself."""
        capacity = self._cache.shape[-2]
        row = self._stack.relative_bias(
            1, capacity, bidirectional=self._bidirectional, first_query=capacity - 1
        )
        return row.to(self._cache.dtype)


class _BlockWeights:
    """A block's matrices as a step multiplies by them: joined, and in the precision of products."""

    def __init__(self, block: Block, dtype: torch.dtype) -> None:
        attention = block.attention
        self.block = block
        self.heads = attention.heads
        self.head_width = attention.query.shape[0] // attention.heads
        self.fused = torch.cat([attention.query, attention.key, attention.value]).to(dtype)
        self.output = attention.output.to(dtype)
        if hasattr(block, "cross_attention"):
            cross = block.cross_attention
            self.cross_query = cross.query.to(dtype)
            self.memory = torch.cat([cross.key, cross.value]).to(dtype)
            self.cross_output = cross.output.to(dtype)
        self.networks = [_Network(block.feed_forward_norm, block.feed_forward, dtype)]
        if block.adapter is not None:
            self.networks.append(_Network(block.adapter.norm, block.adapter.feed_forward, dtype))

    def feed(self, x: Tensor, linear: Linear) -> Tensor:
        """x (N, T, D) through the feed-forward network and the adapter, each added to it."""
        for network in self.networks:
            x = x + network(x, linear)
        return x


class _Network:
    """A norm and a feed-forward network, without dropout."""

    def __init__(self, norm: RMSNorm, feed_forward: FeedForward, dtype: torch.dtype) -> None:
        self.norm = norm
        self.gate = feed_forward.gate.to(dtype) if feed_forward.gated else None
        self.up = feed_forward.up.to(dtype)
        self.down = feed_forward.down.to(dtype)

    def __call__(self, x: Tensor, linear: Linear) -> Tensor:
        x = self.norm(x)
        if self.gate is None:
            return linear(linear(x, self.up).relu_(), self.down)
        hidden = F.gelu(linear(x, self.gate), approximate="tanh")
        return linear(hidden * linear(x, self.up), self.down)


def _is_identity(index: Tensor, count: int) -> bool:
    return len(index) == count and torch.equal(index, torch.arange(count, device=index.device))
