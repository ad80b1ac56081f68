"""The stages of a cell, each built once; no torch, nothing heavy."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any

from lab.memory import DATA_PROCESS, FIRST_PROCESS
from lab.stage import Cost, Stage
from lab.text_to_text.config import ModelConfig, model_config
from lab.text_to_text.flops import parameters, training_flops
from lab.text_to_text.memory import training_memory
from studies.star.config import Learning, Schema
from studies.star.model.words import WORDS

QUESTIONS_A_VIDEO = 30
"""About as many are asked, as a plan counts them."""
FLOPS_A_QUESTION = {"questions": 1e8, "perception": 3e7, "evaluate": 3e7}
"""Of what is not trained, so that a plan has the order of magnitude; else a tenth of the first."""
FIRST = {"situations": 0.0, "questions": 1e5, "asked": 1e5}
"""Stages that all others wait for, and bytes that they hold of a video; 300 videos are measured."""
TRAINED = ("blind", "graph_text")
"""Readers that a model is trained for."""
SEES = ("graph_text", "executor")
"""Readers that look at situations."""


class Stages:
    """Builds each stage of one cell."""

    def __init__(self, config: Schema) -> None:
        self.config = config

    @cached_property
    def model(self) -> ModelConfig:
        """The text-to-text model of this cell. Raises ModelError."""
        return model_config(
            "encoder_decoder",
            self.config.model.size,
            vocab_size=WORDS.rows,
            dropout_rate=self.config.model.dropout_rate,
        )

    @cached_property
    def situations(self) -> Stage:
        """Videos: what happens and what is in view."""
        world = asdict(self.config.world)
        world.pop("name")
        return Stage(
            name="situations",
            version=1,
            config={"world": world},
            run="studies.star.generator.run.situations",
            cost=self._cost("situations", disk_bytes=30_000 * self.config.world.videos),
        )

    @cached_property
    def questions(self) -> Stage:
        """Questions of all splits with their options, those that the executor lets pass."""
        config = self.config
        return Stage(
            name="questions",
            version=1,
            config={
                "distractors": config.distractors.name,
                "clip": config.clip,
                "seed": config.world.seed,
            },
            inputs={"situations": self.situations},
            run="studies.star.generator.run.questions",
            cost=self._cost("questions", disk_bytes=12_000 * config.world.videos),
        )

    @cached_property
    def asked(self) -> Stage:
        """The questions that are scored: one split, balanced or as it is."""
        return Stage(
            name="asked",
            version=1,
            config={"split": self.config.split, "balance": self.config.balance.name},
            inputs={"questions": self.questions},
            run="studies.star.generator.run.asked",
            cost=self._cost("asked"),
        )

    def perception(self) -> Stage | None:
        """The graphs as they are seen; None where all of them is ground truth."""
        config = self.config
        parts = {
            "objects": config.objects.name,
            "relations": config.relations.name,
            "graph": config.graph.name,
        }
        if set(parts.values()) == {"gt"}:
            return None
        return Stage(
            name="perception",
            version=1,
            config={**parts, "noise": config.noise, "seed": config.world.seed},
            inputs={"situations": self.situations, "asked": self.asked},
            run="studies.star.reading.perception",
            cost=self._cost("perception", disk_bytes=60_000 * config.world.videos),
        )

    def programs(self) -> Stage | None:
        """The programs as they are understood; None where they are ground truth."""
        config, kind = self.config, self.config.program.name
        if kind == "gt":
            return None
        settings: dict[str, Any] = {"program": kind}
        inputs = {"asked": self.asked}
        if kind == "noisy":
            settings |= {"noise": config.noise, "seed": config.world.seed}
        else:
            inputs["parser"] = self.trained("program", config.parsing)
            settings |= {
                "inputs_length": config.parsing.inputs_length,
                "targets_length": config.parsing.targets_length,
            }
        return Stage(
            name="programs",
            version=1,
            config=settings,
            inputs=inputs,
            run="studies.star.reading.programs",
            cost=self._cost("programs"),
        )

    def trained(self, reads: str, learning: Learning) -> Stage:
        """A model that has learned from the training questions, by what it reads."""
        inputs = {"questions": self.questions}
        if reads in SEES:
            inputs["situations"] = self.situations
        lengths = learning.inputs_length, learning.targets_length
        memory = training_memory(
            self.model,
            source=lengths[0],
            target=lengths[1],
            batch=learning.batch_size,
            precision=self.config.precision,
        )
        return Stage(
            name="parser" if reads == "program" else "reader",
            version=1,
            config={
                "reads": reads,
                "words": WORDS.digest,
                "model": asdict(self.model),
                **asdict(learning),
                "precision": self.config.precision,
                "seed": self.config.model.seed,
            },
            inputs=inputs,
            run="studies.star.training.run.train",
            cost=Cost(
                flops=learning.steps * learning.batch_size * training_flops(self.model, *lengths),
                tokens=learning.steps * learning.batch_size * sum(lengths),
                memory_bytes=memory.total + DATA_PROCESS,
                disk_bytes=8 * parameters(self.model),
                device="any",
                splits=learning.batch_size,
            ),
        )

    def evaluate(self) -> Stage:
        """The reader's answers, scored by type."""
        config, name = self.config, self.config.reader.name
        settings: dict[str, Any] = {"reader": name}
        inputs = {"questions": self.questions, "asked": self.asked}
        if name in SEES:
            inputs["situations"] = self.situations
            if seen := self.perception():
                inputs["perception"] = seen
        if name == "executor":
            settings["fallback"] = config.fallback
            if programs := self.programs():
                inputs["programs"] = programs
        if name in TRAINED:
            inputs["reader"] = self.trained(name, config.reading)
            settings["inputs_length"] = config.reading.inputs_length
        return Stage(
            name="evaluate",
            version=1,
            config=settings,
            inputs=inputs,
            run="studies.star.reading.evaluate",
            cost=self._cost("evaluate"),
        )

    def _cost(self, name: str, *, disk_bytes: float = 0.0) -> Cost:
        asked = QUESTIONS_A_VIDEO * self.config.world.videos
        each = FLOPS_A_QUESTION.get(name, FLOPS_A_QUESTION["questions"] / 10)
        memory = float(DATA_PROCESS)
        if name in FIRST:
            memory = FIRST_PROCESS + FIRST[name] * self.config.world.videos
        return Cost(flops=asked * each, memory_bytes=memory, disk_bytes=disk_bytes)
