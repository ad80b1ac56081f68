"""The stages of a cell, each built once; no torch, nothing heavy."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any

from lab.encoder.suite.costs import reading
from lab.encoder.suite.stages import SuiteStages
from lab.stage import Stage
from studies.electra import costs
from studies.electra.budget import Budget
from studies.electra.config import Schema
from studies.electra.resolved import Resolved

ALONE: dict[str, Any] = {"generator": None, "tying": None, "algorithm": None, "temperature": None}
"""Of an objective without a generator, what is not read."""


class Stages(SuiteStages):
    """Builds each stage of one cell once; what two tasks share is one object."""

    resolved: Resolved
    config: Schema

    @cached_property
    def pretrain(self) -> Stage | None:
        """Pre-training of this row; None where there is none."""
        resolved = self.resolved
        if not resolved.pretrains:
            return None
        if self.given is not None:
            return self.given
        *before, (steps, budget) = resolved.parts
        if kept := self.config.length.checkpoint_of:
            steps = resolved.whole_steps
        trains = ALONE | {"objective": asdict(resolved.objective)}
        if resolved.objective.generator:
            shape = resolved.generator
            trains |= {
                "generator": {
                    "kind": self.config.generator.kind,
                    **({"encoder": shape.settings()} if shape else {}),
                },
                "tying": self.config.tying.name,
                "algorithm": self.config.algorithm.name,
                "temperature": self.config.temperature,
            }
        keep = sorted({resolved.at(one) for one in kept} - {steps})
        inputs = {"masked": self._masked(*before[0])} if before else {}
        return self._pretraining(trains, steps, budget, keep=keep, inputs=inputs)

    def _masked(self, steps: int, budget: Budget) -> Stage:
        """A masked language model of the main encoder's shape: the stage of its own row."""
        trains = ALONE | {"objective": asdict(budget.objective)}
        return self._pretraining(trains, steps, budget)

    def _pretraining(
        self,
        trains: dict[str, Any],
        steps: int,
        budget: Budget,
        *,
        keep: list[int] | None = None,
        inputs: dict[str, Stage] | None = None,
    ) -> Stage:
        settings, rows, masking = self.config.pretrain, self.config.rows, self.config.masking
        config = {
            **trains,
            "encoder": self.resolved.encoder.settings(),
            "masking_rate": masking.rate,
            "masking_replacement": masking.replacement,
            "rows": {
                "longest": rows.length,
                "segments": rows.segments,
                "single": rows.single,
                "short": rows.short,
                "seed": rows.seed,
            },
            "batch_size": settings.batch_size,
            "steps": steps,
            "keep": keep or [],
            "rate": settings.rate,
            "warmup": min(settings.warmup, steps),
            "weight_decay": settings.weight_decay,
            "clip": settings.clip,
            "seed": settings.seed,
            "precision": self.config.precision,
        }
        return Stage(
            name="pretrain",
            version=1,
            config=config,
            inputs={"vocabulary": self.vocabulary, "lines": self.lines, **(inputs or {})},
            run="studies.electra.training.pretrain.run",
            cost=costs.pretraining(
                budget,
                steps=steps,
                kept=len(config["keep"]),
                precision=self.config.precision,
                rows=self.config.training.micro_batch_size,
            ),
            execution=asdict(self.config.training),
        )

    @property
    def checkpoint(self) -> int | None:
        """Which of the updates that a pre-training kept is this row; None for its last."""
        if self.given is not None:
            return None
        kept = self.config.length.checkpoint_of
        steps = self.resolved.steps if self.resolved.pretrains else 0
        return steps if kept and steps != self.resolved.whole_steps else None

    @cached_property
    def intrinsic(self) -> Stage | None:
        """How the pre-trained networks do on held-out text; None where none are from here."""
        if self.pretrain is None or self.given is not None:
            return None
        rows = self.config.evaluate.rows
        return Stage(
            name="intrinsic",
            version=1,
            config={
                "examples": rows,
                "seed": 0,
                "precision": self.config.precision,
                "checkpoint": self.checkpoint,
            },
            inputs={
                "vocabulary": self.vocabulary,
                "lines": self.lines,
                "pretrain": self.pretrain,
            },
            run="studies.electra.training.intrinsic.run",
            cost=reading(self.resolved.encoder, rows=rows, length=self.config.rows.length),
        )

    @cached_property
    def counted(self) -> Stage:
        """What the row costs, as numbers that a table can show."""
        return Stage(
            name="counted",
            version=1,
            config=self.resolved.counted,
            run="lab.encoder.suite.counted.run",
        )
