"""A suite's units with all settings filled in, and mixtures of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from lab.errors import StudyError
from t5study.config import Schema, Unit
from t5study.tasks.chosen import chosen
from t5study.tasks.label_lengths import most_tokens
from t5study.tasks.suites import SUITES

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class UnitSettings:
    """A suite's unit with the fine-tuning defaults filled in."""

    name: str
    train: tuple[str, ...]
    evaluate: tuple[str, ...]
    steps: int
    batch_size: int
    learning_rate: float
    inputs_length: int
    targets_length: int
    checkpoint_every: int
    beam_width: int
    evaluate_examples: int | None
    split: str
    """The split that is scored."""


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """What multi-task training draws from (section 3.5.2)."""

    units: tuple[UnitSettings, ...]
    unsupervised: bool
    """Whether the pre-training objective is one of the mixed tasks."""
    validate: bool
    """Whether scores are taken from this training itself, which is then as long as both."""

    @property
    def train(self) -> tuple[str, ...]:
        """The mixed tasks."""
        return tuple(name for unit in self.units for name in unit.train)

    @property
    def validated(self) -> tuple[str, ...]:
        """The tasks whose best checkpoints the training keeps."""
        return tuple(n for unit in self.units for n in unit.evaluate) if self.validate else ()


def units_of(config: Schema) -> tuple[UnitSettings, ...]:
    """The units of the configuration's suite. Raises StudyError for one without tasks."""
    return tuple(_filled_in(name, unit, config) for name, unit in config.suite.units.items())


def tasks_of(units: Iterable[UnitSettings]) -> set[str]:
    """Every task that a unit trains on or scores."""
    return {name for unit in units for name in (*unit.train, *unit.evaluate)}


def _filled_in(name: str, unit: Unit, config: Schema) -> UnitSettings:
    finetune, evaluate, scaling = config.finetune, config.evaluate, config.scaling
    known = SUITES.get(config.suite.name, {"units": {}})["units"].get(name, {})
    train = unit.train or known.get("train")
    if not train:
        raise StudyError(f"suite.units.{name}.train: name the tasks that it trains on.")
    scored = unit.evaluate or known.get("evaluate") or train
    steps = round(_or(unit.steps, finetune.steps) * scaling.steps)
    return UnitSettings(
        name=name,
        train=tuple(train),
        evaluate=tuple(scored),
        steps=steps,
        batch_size=round(_or(unit.batch_size, finetune.batch_size) * scaling.batch),
        learning_rate=_or(unit.learning_rate, finetune.learning_rate),
        inputs_length=_or(unit.inputs_length, finetune.inputs_length),
        targets_length=_or(
            unit.targets_length, _or(_of_labels({*train, *scored}, config), finetune.targets_length)
        ),
        checkpoint_every=min(steps, _or(unit.checkpoint_every, finetune.checkpoint_every)),
        beam_width=_or(unit.beam_width, evaluate.beam_width),
        evaluate_examples=_or(unit.evaluate_examples, evaluate.examples),
        split=_or(unit.split, evaluate.split),
    )


def _or(of_unit: T | None, common: T) -> T:
    return common if of_unit is None else of_unit


def _of_labels(tasks: Iterable[str], config: Schema) -> int | None:
    """The targets length that tasks need of which each answers with labels; None of others.

    What is wrong with a task is said where all complaints are.
    """
    labels: list[str] = []
    for name in tasks:
        try:
            task, _ = chosen(name, config)
        except StudyError:
            return None
        if not task.labels:
            return None
        labels += task.labels
    return most_tokens(labels)
