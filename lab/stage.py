"""What every study makes of a cell: stages, each one piece of work, with what they cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a stage is expected to take, for a plan; no part of its identity."""

    flops: float = 0.0
    tokens: float = 0.0
    memory_bytes: float = 0.0
    disk_bytes: float = 0.0
    device: str = "cpu"
    """`cpu` never needs an accelerator, `any` uses one where there is one."""
    splits: int = 1
    """Rows of a batch that several processes can share."""
    thriftier: Mapping[str, float] = field(default_factory=dict)
    """What to type for less memory, the bytes that it then takes; what costs no time first."""
    unshareable: Mapping[str, str] = field(default_factory=dict)
    """By which values of `parallel` several processes cannot share it, and what to say then."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One piece of work of a cell. Stages of equal identity are one, whichever cells ask for it."""

    # -- Identity: what the key is a hash of ---------------------------------------------------
    name: str
    version: int
    """Raised when the stage's meaning changes."""
    config: Mapping[str, Any]
    """Exactly what `run` reads, defaults included; plain values."""
    inputs: Mapping[str, Stage] = field(default_factory=dict)
    """The stages whose outputs it reads, by role."""

    # -- Execution: what changes nothing of the result -----------------------------------------
    run: str
    """Dotted path of `def run(config, inputs, out, context) -> None`."""
    cost: Cost = field(default_factory=Cost)
    execution: Mapping[str, Any] = field(default_factory=dict)
    """How the run is carried out, for its context."""


class StageBuilder:
    """Builds each stage of one cell once, so that what two of them read is one object."""

    def __init__(self) -> None:
        self._built: dict[Any, Stage] = {}

    def once(self, key: Any, build: Callable[[], Stage]) -> Stage:
        """The stage of this key, built where it is asked for first."""
        if key not in self._built:
            self._built[key] = build()
        return self._built[key]
