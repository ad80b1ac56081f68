"""What a stage is: its canonical configuration, its key, and how a study's stages come in."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweeps.errors import StageError, nearest

RESERVED_NAMES = frozenset(
    {
        *("work", "leases", "failures", "specs", "sweeps", "reports", "index", "slurm", "wandb"),
        "outside",
    }
)
DEVICES = ("cpu", "any")
KEY_LENGTH = 20

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_RUN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*[.:][A-Za-z_]\w*")
_STAGE_FIELDS = ("name", "version", "config", "inputs", "run", "cost")
_COMPACT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
"""Writes the one JSON text of a canonical value, whatever its dict order."""
_PLAIN = frozenset({str, int, bool, type(None)})
_AMOUNTS = ("flops", "tokens", "memory_bytes", "disk_bytes")
_COST_FIELDS = (*_AMOUNTS, "device", "splits")
_COPIED_COSTS = (*_COST_FIELDS, "thriftier", "unshareable")


def canonical(value: Any, where: str = "config") -> Any:
    """A plain copy of `value` in which equal configurations are equal JSON.

    Whole floats become ints (1.0 is 1, never True), tuples become lists and mappings plain
    dicts; raises StageError for NaN, infinities and anything JSON does not hold.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StageError(f"{where} is {value!r}: a configuration holds finite numbers only.")
        return int(value) if value.is_integer() else float(value)
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise StageError(f"{where} has the key {name!r}: keys of a configuration are text.")
        return {
            str.__str__(name): item if type(item) in _PLAIN else canonical(item, f"{where}.{name}")
            for name, item in sorted(value.items())
        }
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [canonical(item, f"{where}[{index}]") for index, item in enumerate(value)]
    kind = type(value)
    raise StageError(
        f"{where} is a {kind.__module__}.{kind.__qualname__} ({value!r}): a configuration holds "
        "None, bool, int, float, text, lists and mappings. Convert it first (numpy: `.item()`; "
        "a path: the sha256 of its content)."
    )


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a stage is expected to take, for the planner; never part of its identity."""

    flops: float = 0
    tokens: float = 0
    memory_bytes: float = 0
    disk_bytes: float = 0
    device: str = "cpu"
    """`cpu` never needs an accelerator, `any` uses one where there is one."""
    splits: int = 1
    """Rows of a batch that as many processes as divide them can share; 1: it runs as one."""
    thriftier: Mapping[str, float] = field(default_factory=dict)
    """What a user can type for less memory, and the bytes that it then takes; best first."""
    unshareable: Mapping[str, str] = field(default_factory=dict)
    """By which values of `parallel` several processes cannot share it, and what to say then."""

    def __post_init__(self) -> None:
        amounts = {name: getattr(self, name) for name in _AMOUNTS}
        for name, amount in {**amounts, **self.thriftier}.items():
            number = isinstance(amount, int | float) and not isinstance(amount, bool)
            if not number or not math.isfinite(amount) or amount < 0:
                raise StageError(f"cost.{name} is {amount!r}: expected a number of at least 0.")
        if not isinstance(self.splits, int) or self.splits < 1:
            raise StageError(f"cost.splits is {self.splits!r}: expected a whole number from 1.")
        said = self.unshareable
        if not isinstance(said, Mapping) or not all(isinstance(why, str) for why in said.values()):
            raise StageError(f"cost.unshareable is {said!r}: expected why, by name of `parallel`.")
        if self.device not in DEVICES:
            raise StageError(f"cost.device is {self.device!r}: expected one of {list(DEVICES)}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage:
    """One piece of work with an identity; two stages are equal when their keys are."""

    name: str
    version: int
    config: Mapping[str, Any]
    """Exactly what the stage reads, defaults included; kept in canonical form."""
    inputs: Mapping[str, Stage] = field(default_factory=dict)
    run: str
    """Dotted path of its `def run(config, inputs, out, context)`: `package.module.function`."""
    cost: Cost = Cost()
    execution: Mapping[str, Any] = field(default_factory=dict)
    """How the run is carried out where that does not change the result; its context has it."""
    key: str = field(init=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not isinstance(self.version, int) or isinstance(self.version, bool) or self.version < 0:
            raise StageError(f"Stage {self.name}: version is {self.version!r}, not a whole number.")
        if not isinstance(self.config, Mapping):
            raise StageError(f"Stage {self.name}: config is {self.config!r}, not a mapping.")
        if not isinstance(self.run, str) or not _RUN.fullmatch(self.run):
            raise StageError(
                f"Stage {self.name}: run is {self.run!r}, not a dotted path such as "
                "'package.module.function' (a function itself cannot be sent to a worker)."
            )
        try:
            config = canonical(self.config)
        except StageError as error:
            raise StageError(f"Stage {self.name}: {error}") from None
        execution = canonical(self.execution, f"Stage {self.name}: execution")
        inputs = {role: self.inputs[role] for role in sorted(self.inputs)}
        object.__setattr__(self, "config", config)
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "execution", execution)
        object.__setattr__(self, "key", _hash(self.name, self.version, config, self.input_keys))

    @property
    def input_keys(self) -> dict[str, str]:
        """The key of each input, by role."""
        return {role: stage.key for role, stage in self.inputs.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stage) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Stage({self.name} {self.key})"

    def spec(self) -> dict[str, Any]:
        """The stage as JSON: with the store, all that a job needs to run it."""
        return {
            "schema": 1,
            "name": self.name,
            "version": self.version,
            "key": self.key,
            "config": self.config,
            "inputs": self.input_keys,
            "run": self.run,
            "cost": {name: getattr(self.cost, name) for name in _COST_FIELDS},
            "execution": self.execution,
        }


def stage_key(name: str, version: int, config: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """20 hex digits of the sha256 over the canonical JSON of what identifies a stage."""
    return _hash(name, version, canonical(config), dict(inputs))


def _hash(name: str, version: int, config: dict[str, Any], inputs: dict[str, str]) -> str:
    """The key of a stage whose configuration is canonical already."""
    identity = {"name": name, "version": version, "config": config, "inputs": inputs}
    return hashlib.sha256(_COMPACT.encode(identity).encode("ascii")).hexdigest()[:KEY_LENGTH]


def adopt_all(objects: Iterable[Any]) -> list[Stage]:
    """Our own copies of a study's stage-like objects; shared inputs stay shared.

    What is a Stage of ours already never changes, and is taken as it is.
    Raises StageError naming the stage and the field that is missing, unknown or impossible.
    """
    roots = list(objects)
    done: dict[int, Stage] = {}
    # Each object's inputs are asked for once and kept, so that ids stay valid whatever a study
    # computes behind the attribute.
    inputs_of: dict[int, tuple[Any, dict[str, Any]]] = {}
    for root in roots:
        # An explicit stack: a chain of a thousand stages would exceed Python's recursion limit.
        stack, entered = [root], set()
        while stack:
            obj = stack[-1]
            if type(obj) is Stage:
                done[id(obj)] = obj
            if id(obj) in done:
                stack.pop()
                continue
            if id(obj) not in inputs_of:
                inputs_of[id(obj)] = (obj, _checked_inputs(obj))
            inputs = inputs_of[id(obj)][1]
            waiting = [child for child in inputs.values() if id(child) not in done]
            if not waiting:
                done[id(obj)] = _copy(obj, {role: done[id(one)] for role, one in inputs.items()})
                stack.pop()
            elif id(obj) in entered:
                raise StageError(f"Stage {_called(obj)} reaches itself through its inputs.")
            else:
                entered.add(id(obj))
                stack.extend(waiting)
    return [done[id(root)] for root in roots]


def split_run(run: str) -> tuple[str, str]:
    """The module and the function that a dotted path names."""
    module, _, function = run.rpartition(":" if ":" in run else ".")
    return module, function


def resolve_run(run: str) -> Callable[..., None]:
    """Import the function behind a dotted path; StageError says what is missing."""
    module_name, function_name = split_run(run)
    module = importlib.import_module(module_name)
    function = getattr(module, function_name, None)
    if not callable(function):
        own = inspect.getmembers(module, inspect.isfunction)
        known = [name for name, value in own if value.__module__ == module.__name__]
        raise StageError(
            f"{run}: module {module_name} has no function {function_name!r}. "
            + nearest(function_name, known)
        )
    return function


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise StageError(
            f"A stage is named {name!r}: expected lower-case letters, digits, '_' or '-', such as "
            "'pretrain' (the name is a folder of the store)."
        )
    if name in RESERVED_NAMES:
        raise StageError(
            f"A stage is named {name!r}, which the store keeps for itself. "
            f"Reserved: {', '.join(sorted(RESERVED_NAMES))}."
        )


def _called(obj: Any) -> str:
    return repr(getattr(obj, "name", None) or type(obj).__qualname__)


def _checked_inputs(obj: Any) -> dict[str, Any]:
    missing = [name for name in _STAGE_FIELDS if not hasattr(obj, name)]
    if missing:
        raise StageError(
            f"{_called(obj)} ({type(obj).__module__}.{type(obj).__qualname__}) is no stage: it "
            f"lacks {', '.join(missing)}. A stage has {', '.join(_STAGE_FIELDS)}."
        )
    inputs = obj.inputs
    if not isinstance(inputs, Mapping) or not all(isinstance(role, str) for role in inputs):
        raise StageError(f"Stage {_called(obj)}: inputs is {inputs!r}, not a mapping of roles.")
    return dict(inputs)


def _copy(obj: Any, inputs: dict[str, Stage]) -> Stage:
    amounts = {name: getattr(obj.cost, name) for name in _COPIED_COSTS if hasattr(obj.cost, name)}
    try:
        cost = Cost(**amounts)
    except StageError as error:
        raise StageError(f"Stage {_called(obj)}: {error}") from None
    return Stage(
        name=obj.name,
        version=obj.version,
        config=obj.config,
        inputs=inputs,
        run=obj.run,
        cost=cost,
        execution=getattr(obj, "execution", {}),
    )
