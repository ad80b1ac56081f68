"""What a cell's configuration names, resolved: shape, updates, rate, data sets; no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any

from lab.encoder import cost
from lab.encoder.config import EncoderConfig
from lab.encoder.suite.resolved import SuiteResolved
from lab.encoder.vocabulary import vocabulary_size
from lab.training.schedule import proportional_warmup, square_root_rate
from studies.albert.config import Schema, Size

BATCH, RATE, WARMUP = 4096, 0.00176, 1 / 40
"""Rows of an update, and the peak and the share of the warm-up that go with them (section 4.1)."""


class Resolved(SuiteResolved[Schema]):
    """See SuiteResolved; and shapes, updates and rates of this study."""

    @cached_property
    def encoder(self) -> EncoderConfig:
        """The shape that is fine-tuned."""
        if self.given is not None:
            return self.given.shape
        config = self.config
        return EncoderConfig(
            vocabulary=vocabulary_size(self.vocabulary),
            width=config.size.width,
            layers=config.size.layers,
            heads=config.size.heads,
            feed_forward=4 * config.size.width,
            embedding=config.embedding.width,
            factorized=config.embedding.factorized,
            positions=config.model.positions,
            activation="gelu_tanh",
            sharing=config.sharing.name,
            groups=config.sharing.groups if config.sharing.name == "groups" else 1,
            dropout=config.dropout.hidden,
            attention_dropout=config.dropout.attention,
            initializer_range=config.model.initializer_range,
        )

    def deep(self, layers: int) -> EncoderConfig:
        """The same shape with so many layers."""
        return replace(self.encoder, layers=layers)

    @property
    def steps(self) -> int:
        """Updates of this row."""
        return max(1, round(self.config.pretrain.steps * self.config.length.fraction))

    @property
    def text_rows(self) -> dict[str, Any]:
        """How rows are made of lines, as stages read it."""
        rows = self.config.rows
        return {
            "longest": rows.length,
            "short": rows.short,
            "singles": rows.singles,
            "passes": rows.passes,
            "seed": rows.seed,
        }

    @property
    def kept(self) -> list[int]:
        """Updates after which the networks are kept, beside the last ones."""
        return self.after(self.config.length.keep)

    def after(self, shares: Sequence[float]) -> list[int]:
        """Updates at these shares of the training, before its end."""
        found = {max(1, round(self.steps * share)) for share in shares}
        return sorted(found - {self.steps})

    def sized(self, name: str) -> Resolved:
        """The same cell with another of the shapes."""
        config, shape = self.config, self.config.shapes[name]
        return Resolved(replace(config, size=Size(name=name, **asdict(shape))))

    @property
    def rate(self) -> float:
        """The peak of the rate."""
        settings = self.config.pretrain
        if settings.rate is not None:
            return settings.rate
        return square_root_rate(settings.batch_size, rate=RATE, at=BATCH)

    @property
    def warmup(self) -> int:
        """Updates over which the rate goes up."""
        settings = self.config.pretrain
        share = settings.warmup
        if share is None:
            share = proportional_warmup(settings.batch_size, share=WARMUP, at=BATCH)
        return int(share * self.steps)

    @property
    def predicted(self) -> int:
        """Pieces of a row that are predicted, at most."""
        masking = self.config.masking
        return max(1, min(masking.most, round(masking.rate * self.config.rows.length)))

    def update_flops(self, shape: EncoderConfig) -> float:
        """Operations of an update."""
        row = cost.forward_flops(shape, self.config.rows.length)
        row += self.predicted * cost.prediction_flops(shape)
        return (1 + cost.BACKWARD) * self.config.pretrain.batch_size * row

    @property
    def parameters(self) -> int:
        """Of the encoder with its pooler, as Table 1 counts those that share."""
        shape = self.encoder
        return cost.parameters(shape) + shape.width * (shape.width + 1)
