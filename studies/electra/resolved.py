"""What a cell's configuration names, resolved: shapes, objective, updates, data sets; no torch."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from lab.encoder.config import EncoderConfig
from lab.encoder.cost import parameters
from lab.encoder.suite.resolved import SuiteResolved
from lab.encoder.vocabulary import vocabulary_size
from studies.electra.budget import Budget
from studies.electra.config import Schema
from studies.electra.model import generator
from studies.electra.objective import Objective
from studies.electra.objectives import get_objective

NONE = "none"
"""objective=none: an encoder that nothing was pre-trained."""
MASKED = "bert"
"""The objective that two_stage begins with."""


class Resolved(SuiteResolved[Schema]):
    """See SuiteResolved; and shapes, updates and rates of this study."""

    @cached_property
    def encoder(self) -> EncoderConfig:
        """The main encoder: the one that is fine-tuned."""
        if self.given is not None:
            return self.given.shape
        size, model = self.config.size, self.config.model
        return EncoderConfig(
            vocabulary=vocabulary_size(self.vocabulary),
            width=size.width,
            layers=size.layers,
            heads=size.heads,
            feed_forward=size.feed_forward,
            embedding=size.embedding,
            positions=model.positions,
            dropout=model.dropout,
            attention_dropout=model.attention_dropout,
            initializer_range=model.initializer_range,
        )

    @property
    def pretrains(self) -> bool:
        """Whether there is a pre-training at all."""
        return self.config.objective.name != NONE

    @cached_property
    def objective(self) -> Objective:
        """The objective with the settings that replace its own. Raises StudyError."""
        return self.objective_named(self.config.objective.name)

    def objective_named(self, name: str) -> Objective:
        """An objective by its name, with the settings of this cell that it reads."""
        known, given = get_objective(name), self.config.objective
        own: dict[str, Any] = {"masked": given.masked, "random": given.random}
        if known.generator:
            own["weight"] = given.weight
        return replace(known, **{key: value for key, value in own.items() if value is not None})

    @cached_property
    def generator(self) -> EncoderConfig | None:
        """The generator where it is an encoder."""
        settings = self.config.generator
        if not (self.pretrains and self.objective.generator and settings.kind == "encoder"):
            return None
        return self.generator_of(settings.fraction or self.config.size.generator)

    def generator_of(self, fraction: float) -> EncoderConfig:
        """The main encoder's shape at a fraction of its width, and that very shape at 1.

        A narrower one that shares no tables has its own, as wide as it is.
        """
        if fraction == 1:
            return self.encoder
        narrow = generator(self.encoder, fraction)
        own = self.config.tying.name == "none"
        return replace(narrow, embedding=narrow.width) if own else narrow

    @cached_property
    def budget(self) -> Budget:
        """What an update of this row costs."""
        return Budget(
            encoder=self.encoder,
            objective=self.objective,
            generator=self.generator,
            tied=self.config.tying.name != "none",
            tokens=self.config.rows.length,
            batch=self.config.pretrain.batch_size,
            rate=self.config.masking.rate,
        )

    @cached_property
    def whole_steps(self) -> int:
        """Updates of this row at the whole length (Tables 1 and 6)."""
        pretrain = self.config.pretrain
        if self.objective.generator or pretrain.equal == "steps":
            return pretrain.steps
        if pretrain.bert_steps is not None:
            return pretrain.bert_steps
        reference = replace(
            self.budget,
            objective=get_objective("electra"),
            generator=self.generator_of(self.config.size.generator),
        )
        ours = pretrain.counting == "ours"
        one, other = (each.flops if ours else each.paper_flops for each in (reference, self.budget))
        return max(1, round(pretrain.steps * one / other))

    @property
    def steps(self) -> int:
        """Updates of this row."""
        return self.at(self.config.length.fraction)

    def at(self, fraction: float) -> int:
        """Updates at a fraction of the whole length."""
        return max(1, round(self.whole_steps * fraction))

    @property
    def counted(self) -> dict[str, float]:
        """Parameters of the encoder and operations of its pre-training, by both counts."""
        numbers = {"parameters": parameters(self.encoder) / 1e6}
        if not self.pretrains:
            return {**numbers, "flops": 0.0, "paper_flops": 0.0}
        parts = self.parts
        return {
            **numbers,
            "flops": sum(steps * budget.flops for steps, budget in parts),
            "paper_flops": sum(steps * budget.paper_flops for steps, budget in parts),
        }

    @property
    def parts(self) -> list[tuple[int, Budget]]:
        """The trainings of this row: updates, and what one of them costs."""
        if self.config.algorithm.name != "two_stage" or not self.objective.generator:
            return [(self.steps, self.budget)]
        first = self.first_steps
        masked = replace(self.budget, objective=self.objective_named(MASKED), generator=None)
        return [(first, masked), (self.steps - first, replace(self.budget, frozen=True))]

    @property
    def first_steps(self) -> int:
        """Updates of two_stage's first stage."""
        return max(1, round(self.steps * self.config.algorithm.first))
