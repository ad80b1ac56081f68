"""What a model costs, from its settings alone: parameters and floating-point operations.

Letters: S source tokens, T target tokens; 2 operations a multiply-add. Torch-free, so that a plan
can be priced without loading anything.
"""

from __future__ import annotations

from lab.text_to_text.config import ModelConfig

BACKWARD = 2
"""A backward pass costs this many forward passes."""


def parameters(config: ModelConfig) -> int:
    """Return the exact number of parameters of a model."""
    d, inner = config.d_model, config.inner
    attention = 4 * d * inner
    adapter_norm = d if config.adapter_width else 0
    encoder_block = attention + _feed_forward_weights(config) + 2 * d + adapter_norm
    decoder_block = encoder_block + attention + d
    stack = config.relative_attention_num_buckets * config.num_heads + d
    embeddings = config.vocab_size * d * (1 if config.tie_embeddings else 2)
    if not config.layout.encoder:
        return embeddings + config.num_layers * encoder_block + stack
    decoder = config.num_decoder_layers * decoder_block + stack
    if config.layout.shared:
        return embeddings + decoder
    return embeddings + config.num_layers * encoder_block + stack + decoder


def forward_flops(config: ModelConfig, source: int, target: int) -> float:
    """Return the operations of one forward pass over one sequence of S and T tokens.

    A single stack reads both in one row; its prefix, where it has one, is the source.
    """
    d, inner = config.d_model, config.inner
    feed_forward = 2 * _feed_forward_weights(config)
    head = 2 * d * config.vocab_size * target
    if not config.layout.encoder:
        row = source + target
        seen = row * row / 2 + (source * source / 2 if config.layout.prefix else 0)
        return config.num_layers * ((8 * d * inner + feed_forward) * row + 4 * inner * seen) + head
    encoder = config.num_layers * (8 * d * inner + feed_forward + 4 * source * inner) * source
    memory = config.num_decoder_layers * 4 * d * inner * source
    per_token = 12 * d * inner + feed_forward + 2 * target * inner + 4 * source * inner
    return encoder + memory + config.num_decoder_layers * per_token * target + head


def training_flops(config: ModelConfig, source: int, target: int) -> float:
    """Return the operations of one forward and backward pass over one sequence."""
    return (1 + BACKWARD) * forward_flops(config, source, target)


def _feed_forward_weights(config: ModelConfig) -> int:
    matrices = 3 if config.feed_forward == "gated_gelu" else 2
    return config.d_model * (matrices * config.d_ff + 2 * config.adapter_width)
