"""The stages that cells of encoders have alike: text, fine-tunings and their scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, ClassVar

from lab.corpora import get_corpus, identity_of
from lab.corpora.sentences import sentence_splitter
from lab.encoder.cost import parameters
from lab.encoder.given import GivenEncoder
from lab.encoder.suite import costs
from lab.encoder.suite.units import UnitSettings
from lab.memory import LINES_PROCESS, PROCESS, pieces_process
from lab.stage import Cost, Stage, StageBuilder

APART = 10_000
"""Between the seeds of two fine-tunings of one pre-training: those of other seeds are others."""


class SuiteStages(StageBuilder, ABC):
    """Builds each stage of one cell once; what two tasks share is one object.

    Of what a study resolved are read its `config`, a SuiteSchema, the `vocabulary` as a stage reads
    it, the `encoder`'s shape, the one that is `given`, and the `units` of the suite.
    """

    through_warmup: ClassVar[bool] = True
    """Whether the rate of fine-tuning falls during its warm-up too."""

    def __init__(self, resolved: Any) -> None:
        super().__init__()
        self.resolved = resolved
        self.config = resolved.config

    @cached_property
    def given(self) -> Stage | None:
        """An encoder that others pre-trained, and its vocabulary; None where there is none."""
        given: GivenEncoder | None = self.resolved.given
        if given is None:
            return None
        weights = 4.0 * parameters(given.shape)
        return Stage(
            name="given",
            version=1,
            config=given.description,
            run="lab.encoder.given.run",
            cost=Cost(memory_bytes=2 * weights + PROCESS, disk_bytes=weights),
        )

    @cached_property
    def vocabulary(self) -> Stage:
        """Pieces, trained once for all corpora of a study, or as given."""
        if self.given is not None:
            return self.given
        return Stage(
            name="vocabulary",
            version=1,
            config=self.resolved.vocabulary,
            run="lab.encoder.vocabulary.run",
            cost=Cost(
                memory_bytes=pieces_process(self.config.vocabulary.lines),
                disk_bytes=40 * self.resolved.encoder.vocabulary,
            ),
        )

    @cached_property
    def lines(self) -> Stage:
        """The corpus as pieces, line by line, a share of its documents held out."""
        corpus = get_corpus(self.config.dataset.corpus)
        return Stage(
            name="lines",
            version=1,
            config={
                "corpus": identity_of(corpus),
                "held_out": self.config.rows.held_out,
                "sentences": sentence_splitter().digest,
            },
            inputs={"vocabulary": self.vocabulary},
            run="lab.encoder.lines.run",
            cost=Cost(memory_bytes=LINES_PROCESS, disk_bytes=4 * corpus.approximate_tokens),
        )

    @property
    @abstractmethod
    def pretrain(self) -> Stage | None:
        """Pre-training of this row; None where there is none."""

    @property
    @abstractmethod
    def checkpoint(self) -> int | None:
        """Which of the updates that a pre-training kept is this row; None for its last."""

    def _head(self, unit: UnitSettings) -> dict[str, Any]:
        """What is read off the encoder, beside what the data set's answers need."""
        settings = self.config.finetune
        return {
            "dropout": settings.head_dropout,
            "kernel": settings.kernel,
            "vector": settings.vector,
            "spans": unit.spans,
        }

    def finetune(self, unit: UnitSettings, seed: int) -> Stage:
        """Fine-tuning on one data set."""
        return self.once((unit.name, seed), lambda: self._of_seed(unit, seed))

    def _of_seed(self, unit: UnitSettings, seed: int) -> Stage:
        """All of a unit are alike but for the seed, and what a unit that starts from it reads."""
        alike = self.once(unit.name, lambda: self._finetune(unit))
        inputs = dict(alike.inputs)
        if unit.start is not None:
            started = next(one for one in self.resolved.units if one.name == unit.start)
            inputs["pretrain"] = self.finetune(started, seed)
        return replace(alike, config={**alike.config, "seed": seed}, inputs=inputs)

    def _finetune(self, unit: UnitSettings) -> Stage:
        """What the fine-tunings of a unit have alike."""
        settings, encoder = self.config.finetune, self.resolved.encoder
        best = settings.selection == "best"
        config: dict[str, Any] = {
            "data": unit.train.describe("train"),
            "inputs_length": unit.length,
            "batch_size": unit.batch_size,
            "steps": unit.steps,
            "rate": unit.rate,
            "layer_decay": settings.layer_decay,
            "form": settings.form,
            "warmup": settings.warmup,
            "through_warmup": self.through_warmup,
            "weight_decay": settings.weight_decay,
            "clip": settings.clip,
            "reduction": settings.reduction,
            "dropout": unit.dropout,
            "head": self._head(unit),
            "examples": settings.examples,
            "orders": unit.orders,
            "selection": settings.selection,
            "validation": unit.evaluate[0].describe("validation") if best else None,
            "validation_examples": settings.validation_examples if best else None,
            "checkpoint_every": min(settings.checkpoint_every, unit.steps) if best else None,
            "precision": self.config.precision,
        }
        inputs = {"vocabulary": self.vocabulary}
        if unit.start is not None:
            config["checkpoint"] = None
        elif self.pretrain is None:
            config["encoder"] = encoder.settings()
        else:
            inputs["pretrain"] = self.pretrain
            config["checkpoint"] = self.checkpoint
        return Stage(
            name="finetune",
            version=1,
            config=config,
            inputs=inputs,
            run="lab.encoder.finetuning.finetune.run",
            cost=costs.finetuning(
                encoder,
                steps=unit.steps,
                batch=unit.batch_size,
                length=unit.length,
                precision=self.config.precision,
                rows=self.config.training.micro_batch_size,
                choices=unit.train.data.choices,
            ),
            execution=asdict(self.config.training),
        )

    def members(self, unit: UnitSettings) -> list[Stage]:
        """The fine-tunings of which a score is."""
        settings = self.config.finetune
        seeds = [settings.seed + APART * i for i in range(settings.seeds)]
        return [self.finetune(unit, seed) for seed in seeds]

    def evaluate(self, unit: UnitSettings, data: str) -> Stage:
        """The scores of one data set by all fine-tunings of its unit."""
        settings, finetune = self.config.evaluate, self.config.finetune
        scored = next(one for one in unit.evaluate if one.name == data)
        members = self.members(unit)
        return Stage(
            name="evaluate",
            version=1,
            config={
                "data": scored.describe(unit.split),
                # The best constant answer knows the training set.
                "train": unit.train.describe("train"),
                "split": unit.split,
                "examples": settings.examples,
                "inputs_length": unit.length,
                "head": self._head(unit),
                "selection": finetune.selection,
                "summary": finetune.summary,
                "precision": self.config.precision,
            },
            inputs={
                "vocabulary": self.vocabulary,
                **{f"member_{i}": member for i, member in enumerate(members)},
            },
            run="lab.encoder.finetuning.evaluate.run",
            cost=costs.reading(
                self.resolved.encoder,
                rows=(settings.examples or 5000) * scored.data.choices,
                length=unit.length,
                models=len(members),
            ),
        )
