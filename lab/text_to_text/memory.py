"""What training a model takes of a device's memory, from its settings alone; torch-free.

Letters: n source tokens and m target tokens of all B rows of a micro-batch, S and T of one row; D
width, I inner width of attention, F of feed-forward, H heads, V vocabulary; r bytes of the
residual stream, c bytes of a product's operands. What is kept for the backward pass is counted
from the operations of lab.kernels.plain; tests/lab/text_to_text/test_memory.py holds it to what
the model really keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

from lab.memory import (
    FULL,
    Shape,
    TrainingMemory,
    compute_bytes,
    memory_of_counts,
    residual_bytes,
    size,
)
from lab.text_to_text.config import ModelConfig

LOGITS = 1 << 27
"""Logits that the loss works on at once, on a GPU; a CPU takes fewer."""


@cache
def training_memory(
    config: ModelConfig,
    *,
    source: int,
    target: int,
    batch: int,
    precision: str = "bf16-mixed",
    devices: int = 1,
    recompute: bool = False,
    micro_batch_size: int | None = None,
    logits: int = LOGITS,
) -> TrainingMemory:
    """Of one step on `batch` rows a device, each of `source` and `target` tokens.

    With several `devices`, parameters, gradients and the optimizer's state are spread over them
    block by block, as FSDP does. `recompute` keeps only what goes into each block; of
    `micro_batch_size` rows at most, activations are there at once, and in the loss so many
    `logits`.
    """
    parts = -(-batch // (micro_batch_size or batch))
    batch = -(-batch // parts)
    shapes = parameter_shapes(config)
    blocks = [_Block(config, batch, source, target, precision, cross=x) for x in (False, True)]
    depths = (config.num_layers if config.layout.encoder else 0, config.num_decoder_layers)
    if not config.layout.encoder:
        blocks[1] = _Block(config, batch, 0, source + target, precision, cross=False)
    there = [block for block, depth in zip(blocks, depths, strict=True) if depth]
    kept = [block.inputs if recompute else block.kept + block.copies for block in blocks]
    ends = _ends(config, batch, source, target, precision, logits)
    activations = ends + sum(k * depth for k, depth in zip(kept, depths, strict=True))
    working = 0
    if recompute:
        # What a block's own backward pass makes meets all of it; so does the embedding's gradient.
        working = max(block.kept + block.copies + block.backward for block in there)
        working += FULL * config.vocab_size * config.d_model
    if devices > 1:
        # This block and the one fetched ahead, the gradients of this one, and the embedding.
        gathered = max(block.weights for block in there)
        embedding = config.vocab_size * config.d_model * (1 if config.tie_embeddings else 2)
        working += compute_bytes(precision) * (3 * gathered + embedding)
    elif compute_bytes(precision) < FULL and not recompute:
        # Autocast keeps the cast weights until the step is over.
        activations += compute_bytes(precision) * sum(size(s) * n for s, n in shapes.items())
    return memory_of_counts(
        shapes,
        activations=activations,
        working=working,
        accumulated=parts > 1,
        devices=devices,
    )


def parameter_shapes(config: ModelConfig) -> Counter[Shape]:
    """How many parameters of each shape a model has."""
    counts: Counter[Shape] = Counter()
    counts[config.vocab_size, config.d_model] += 1 if config.tie_embeddings else 2
    stacks = [(config.num_decoder_layers, config.layout.encoder)]
    if config.layout.encoder and not config.layout.shared:
        stacks.append((config.num_layers, False))
    for depth, cross in stacks:
        counts[config.relative_attention_num_buckets, config.num_heads] += 1
        counts[(config.d_model,)] += 1
        for shape, count in _block_shapes(config, cross):
            counts[shape] += count * depth
    return counts


def _block_shapes(config: ModelConfig, cross: bool) -> Iterator[tuple[Shape, int]]:
    d, inner = config.d_model, config.inner
    attentions = 2 if cross else 1
    gated = config.feed_forward == "gated_gelu"
    yield (inner, d), 3 * attentions
    yield (d, inner), attentions
    yield (config.d_ff, d), 2 if gated else 1
    yield (d, config.d_ff), 1
    yield (d,), attentions + 1 + (1 if config.adapter_width else 0)
    if config.adapter_width:
        yield (config.adapter_width, d), 1
        yield (d, config.adapter_width), 1


class _Block:
    """Bytes that one block of a stack keeps for a micro-batch."""

    def __init__(
        self,
        config: ModelConfig,
        batch: int,
        source: int,
        target: int,
        precision: str,
        *,
        cross: bool,
    ) -> None:
        d, inner = config.d_model, config.inner
        c, r = compute_bytes(precision), residual_bytes(precision)
        length = target if cross or not source else source
        n, tokens = batch * source, batch * length
        # Each of two or three parts keeps what enters its norm, what leaves it, and its result.
        parts = 3 if cross else 2
        kept = tokens * d * parts * (r + 2 * c)
        # Queries, keys, values (dropped ones) and their mixture; across, keys and values of n.
        weights = batch * config.num_heads * length * max(length, source if cross else 0) * c
        kept += 4 * tokens * inner * c + batch * config.num_heads * length * length * c
        if cross:
            kept += 2 * tokens * inner * c + 2 * n * inner * c
            kept += batch * config.num_heads * length * source * c
        hidden = 5 if config.feed_forward == "gated_gelu" else 2
        kept += tokens * (hidden * config.d_ff + 2 * config.adapter_width) * c
        self.kept = kept
        # The joined matrix of queries, keys and values, and that of keys and values.
        self.copies = (5 if cross else 3) * inner * d * c
        # The gradients of attention's weights and of their logits.
        self.backward = 2 * weights
        self.inputs = tokens * d * r
        self.weights = sum(size(s) * count for s, count in _block_shapes(config, cross))


def _ends(
    config: ModelConfig, batch: int, source: int, target: int, precision: str, logits: int
) -> int:
    """Embedding, the stacks' closing norms, and the loss over the vocabulary."""
    d, c, r = config.d_model, compute_bytes(precision), residual_bytes(precision)
    tokens = batch * (source + target)
    at_once = min(logits, batch * target * config.vocab_size)
    # Probabilities and the gradient of logits in full precision, logits as they were computed;
    # and the output matrix's gradient, worked out with the loss.
    loss = at_once * (2 * FULL + c) + FULL * config.vocab_size * d
    return tokens * d * (r + 2 * c) + loss
