"""What an encoder costs, from its shape alone: parameters, operations, memory; torch-free.

Letters: T tokens of a row, D width, E width of the tables, F inner width, V pieces; 2 operations
a multiply-add. A backward pass costs two forward passes.
"""

from __future__ import annotations

from functools import cache

from lab.encoder.config import EncoderConfig
from lab.memory import compute_bytes, residual_bytes

BACKWARD = 2
"""A backward pass costs this many forward passes."""
ADAM = 16
"""Bytes a parameter: itself, its gradient, and two moments."""


@cache
def parameters(config: EncoderConfig) -> int:
    """The exact number of parameters of an encoder with its tables, without a head."""
    d, e, f = config.width, config.embedding, config.feed_forward
    attentions = {attention for attention, _ in config.parts}
    feed_forwards = {feed_forward for _, feed_forward in config.parts}
    return (
        tables(config)
        + (d * (e + 1) if e != d else 0)
        + len(attentions) * (4 * d * (d + 1) + 2 * d)
        + len(feed_forwards) * (f * (d + 1) + d * (f + 1) + 2 * d)
    )


def tables(config: EncoderConfig) -> int:
    """Parameters of the tables and their norm: what two networks may share."""
    words = config.vocabulary * config.embedding
    return words + config.added * (config.positions + config.types + 2)


def prediction_parameters(config: EncoderConfig) -> int:
    """Parameters of the head that predicts pieces, beside the table of words."""
    return config.embedding * (config.width + 1) + 2 * config.embedding + config.vocabulary


def detection_parameters(config: EncoderConfig) -> int:
    """Parameters of the head that tells replaced pieces."""
    return config.width * (config.width + 1) + config.width + 1


def forward_flops(config: EncoderConfig, tokens: int) -> float:
    """Operations of one row of so many tokens through the encoder; looking up takes none."""
    d, e = config.width, config.embedding
    layer = 2 * (4 * d * d + 2 * d * config.feed_forward) + 4 * tokens * d
    return tokens * (config.layers * layer + (2 * e * d if e != d else 0.0))


def prediction_flops(config: EncoderConfig) -> float:
    """Operations of the logits of all pieces at one position."""
    return 2.0 * config.embedding * (config.width + config.vocabulary)


def detection_flops(config: EncoderConfig) -> float:
    """Operations of one position's logit of having been replaced."""
    return 2.0 * config.width * (config.width + 1)


def training_bytes(
    config: EncoderConfig, *, rows: int, tokens: int, precision: str, predicted: int = 0
) -> float:
    """About what one step of training by Adam takes of a device's memory.

    `predicted` positions have logits of all pieces, which are kept with their gradient.
    """
    d, c, r = config.width, compute_bytes(precision), residual_bytes(precision)
    # Each sub-layer keeps what enters its norm and what leaves it; attention its three parts and
    # their mixture, the feed-forward layer what enters and leaves its activation.
    layer = 2 * d * (r + 2 * c) + 4 * d * c + 2 * config.feed_forward * c
    kept = rows * tokens * (config.layers * layer + config.added * (r + 2 * c))
    return ADAM * parameters(config) + kept + 3.0 * r * predicted * config.vocabulary
