"""What a cell is made of: stages with their cost, a suite's units, and mixtures of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a stage takes, for a plan."""

    flops: float = 0.0
    tokens: float = 0.0
    memory_bytes: float = 0.0
    disk_bytes: float = 0.0
    device: str = "cpu"
    splits: int = 1
    """Rows of a batch that several processes can share."""
    thriftier: Mapping[str, float] = field(default_factory=dict)
    """What to type for less memory, the bytes that it then takes; what costs no time first."""
    unshareable: Mapping[str, str] = field(default_factory=dict)
    """By which values of `parallel` several processes cannot share it, and what to say then."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One piece of work; its config is exactly what its run reads."""

    name: str
    version: int
    config: Mapping[str, Any]
    run: str
    inputs: Mapping[str, Stage] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)
    execution: Mapping[str, Any] = field(default_factory=dict)
    """How its run is carried out, where that does not change what it makes."""


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
