"""Operations of a training as the paper counts them (appendix E and the released script).

Adding, multiplying and taking an exponent are one operation each; the backward pass costs as much
as the forward pass; tables are looked up by a product with one-hot rows; pieces are predicted at
20 of 128 positions, whatever the rate. Not counted: the mask, sampling, the optimizer.
"""

from __future__ import annotations

from dataclasses import dataclass

_DROPOUT, _NORM, _GELU, _SOFTMAX = 4, 5, 8, 5
PREDICTED = 20 / 128
"""Share of the positions at which pieces are predicted."""
PASSES = 2
"""A training is so many forward passes."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What of an encoder the count depends on."""

    width: int
    layers: int
    length: int
    vocabulary: int
    embedding: int | None = None
    """Width of the tables; that of the layers without one."""

    @property
    def table(self) -> int:
        """Width of the tables."""
        return self.width if self.embedding is None else self.embedding


def training(
    shape: Shape,
    *,
    batch: int,
    updates: float,
    detects: bool = False,
    predicted: float = PREDICTED,
) -> float:
    """FLOPs of an encoder that predicts pieces at a share of positions, or `detects` replaced ones.

    The script counts no share but the default one.
    """
    head = _detection(shape) if detects else _prediction(shape, predicted)
    forward = shape.layers * _block(shape) + _embedding(shape) + head
    return PASSES * batch * updates * forward


def electra(discriminator: Shape, generator: Shape, *, batch: int, updates: float) -> float:
    """FLOPs of both networks trained together."""
    return training(discriminator, batch=batch, updates=updates, detects=True) + training(
        generator, batch=batch, updates=updates
    )


def _block(shape: Shape) -> float:
    """One row through one layer."""
    width, inner, length = shape.width, 4 * shape.width, shape.length
    heads = max(width // 64, 1)
    attention = 3 * width * (2 * width + 1) + 2 * width * length  # queries, keys, values; scores
    attention += length * heads * (_SOFTMAX + _DROPOUT + 1) + 2 * width * length
    # The released script takes this norm for one number a token.
    attention += width * (2 * width + 1) + (_DROPOUT + 1) * width + _NORM
    feed_forward = inner * (2 * width + 1) + _GELU * inner
    feed_forward += width * (2 * inner + 1) + (_DROPOUT + 1 + _NORM) * width
    return length * (attention + feed_forward)


def _embedding(shape: Shape) -> float:
    """One row through the tables, their norm and the map to the layers' width."""
    table = shape.table
    summed = 2 * table * shape.vocabulary + 2 * table * (shape.length + 2) + 2 * table
    normed = (_NORM + _DROPOUT) * table
    mapped = shape.width * (2 * table + 1) if table != shape.width else 0
    return shape.length * (summed + normed + mapped)


def _prediction(shape: Shape, predicted: float) -> float:
    """Logits of pieces at the predicted positions of one row, and their loss."""
    table, pieces = shape.table, shape.vocabulary
    hidden = table * (2 * shape.width + 1) + (_GELU + _NORM) * table
    return predicted * shape.length * (hidden + 2 * table * pieces + (_SOFTMAX + 2) * pieces)


def _detection(shape: Shape) -> float:
    """One logit for each position of one row."""
    width = shape.width
    return shape.length * (width * (2 * width + 1) + _GELU * width + 2 * width)
