"""The stages of a cell, each built once; no torch, nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property, partial
from typing import Any

from lab.encoder import cost
from lab.encoder.config import EncoderConfig
from lab.encoder.suite.costs import reading, training
from lab.encoder.suite.stages import SuiteStages
from lab.encoder.suite.units import UnitSettings
from lab.stage import Stage
from studies.albert.config import Ensemble, Schema
from studies.albert.resolved import Resolved
from studies.albert.sentence_losses import get_sentence_loss
from studies.albert.tasks import INTRINSIC

TASKS = 3
"""Of the intrinsic stage: pieces, next sentences, their order."""


class Stages(SuiteStages):
    """Builds each stage of one cell once; what two tasks share is one object."""

    resolved: Resolved
    config: Schema
    through_warmup = False
    checkpoint: int | None = None

    def __init__(self, resolved: Resolved, checkpoint: int | None = None) -> None:
        super().__init__(resolved)
        self.checkpoint = checkpoint

    @cached_property
    def pretrain(self) -> Stage:
        """Pre-training of this row, from the last of the depths before it where there are some."""
        if self.given is not None:
            return self.given
        inputs: dict[str, Stage] = {}
        for layers in self.config.size.start:
            inputs = {"start": self._pretraining(self.resolved.deep(layers), inputs)}
        return self._pretraining(self.resolved.encoder, inputs, self.resolved.kept)

    def members(self, unit: UnitSettings) -> list[Stage]:
        """The fine-tunings of this row's networks, and those of an ensemble's others."""
        others = [one.members(unit) for one in self._others]
        return [*super().members(unit), *(stage for members in others for stage in members)]

    @cached_property
    def _others(self) -> list[Stages]:
        """The rows beside this one that are in its ensemble: its checkpoints, and other sizes."""
        settings, own = self.config.ensemble, self.resolved
        alone = replace(self.config, ensemble=Ensemble(name="none"))
        found = []
        for resolved in (
            Resolved(alone),
            *(Resolved(alone).sized(name) for name in settings.sizes),
        ):
            last = [] if resolved.encoder == own.encoder else [None]
            found += [Stages(resolved, at) for at in (*last, *own.after(settings.checkpoints))]
        return found

    def _pretraining(
        self, shape: EncoderConfig, inputs: dict[str, Stage], keep: Sequence[int] = ()
    ) -> Stage:
        resolved, settings, rows = self.resolved, self.config.pretrain, self.config.rows
        config: dict[str, Any] = {
            "sentence_loss": asdict(get_sentence_loss(self.config.sentence_loss.name)),
            "encoder": shape.settings(),
            "masking": {**asdict(self.config.masking), "masked": 0.8, "random": 0.1},
            "rows": resolved.text_rows,
            "batch_size": settings.batch_size,
            "steps": resolved.steps,
            "keep": list(keep),
            "rate": resolved.rate,
            "warmup": resolved.warmup,
            "weight_decay": settings.weight_decay,
            "clip": settings.clip,
            "seed": settings.seed,
            "precision": self.config.precision,
        }
        memory = partial(
            cost.training_bytes, shape, tokens=rows.length, precision=self.config.precision
        )
        return Stage(
            name="pretrain",
            version=1,
            config=config,
            inputs={"vocabulary": self.vocabulary, "lines": self.lines, **inputs},
            run="studies.albert.training.pretrain.run",
            cost=training(
                lambda count: memory(rows=count, predicted=count * resolved.predicted),
                flops=resolved.steps * resolved.update_flops(shape),
                tokens=float(resolved.steps * settings.batch_size * rows.length),
                disk_bytes=(1 + len(keep)) * 8.0 * cost.parameters(shape),
                batch=settings.batch_size,
                rows=self.config.training.micro_batch_size,
            ),
            execution=asdict(self.config.training),
        )

    @cached_property
    def intrinsic(self) -> Stage:
        """How the pre-trained network does on held-out text."""
        return self.intrinsic_after(None)

    def intrinsic_after(self, updates: int | None) -> Stage:
        """The same of the networks that were kept after so many updates; None: of the last ones."""
        return self.once((INTRINSIC, updates), lambda: self._intrinsic(updates))

    def _intrinsic(self, updates: int | None) -> Stage:
        rows = self.config.evaluate.rows
        return Stage(
            name="intrinsic",
            version=1,
            config={
                "examples": rows,
                "seed": 0,
                "precision": self.config.precision,
                "checkpoint": updates,
            },
            inputs={
                "vocabulary": self.vocabulary,
                "lines": self.lines,
                "pretrain": self.pretrain,
            },
            run="studies.albert.training.intrinsic.run",
            cost=reading(self.resolved.encoder, rows=TASKS * rows, length=self.config.rows.length),
        )

    @cached_property
    def layers(self) -> Stage:
        """How far each layer of the pre-trained encoder moves its input (Figure 1)."""
        rows, settings = self.config.evaluate.rows, self.resolved.text_rows
        return Stage(
            name="layers",
            version=1,
            config={"examples": rows, "seed": 0, "rows": settings},
            inputs={
                "vocabulary": self.vocabulary,
                "lines": self.lines,
                "pretrain": self.pretrain,
            },
            run="studies.albert.training.layers.run",
            cost=reading(self.resolved.encoder, rows=rows, length=self.config.rows.length),
        )

    @cached_property
    def counted(self) -> Stage:
        """What the row costs, as numbers that a table can show."""
        return Stage(
            name="counted",
            version=1,
            config={"parameters": self.resolved.parameters / 1e6},
            run="lab.encoder.suite.counted.run",
        )
