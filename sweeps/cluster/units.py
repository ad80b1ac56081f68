"""From stages to what is submitted: what each asks for, chains bundled, arrays grouped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sweeps.cluster.options import extra_complaints, options
from sweeps.errors import ConfigurationError, nearest
from sweeps.graph import Graph
from sweeps.hardware.request import cluster_request
from sweeps.search.decision import NAME as DECISION


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one element asks SLURM for."""

    partition: str | None
    account: str | None
    qos: str | None
    comment: str | None
    constraint: str | None
    nodelist: str | None
    exclude: str | None
    time_minutes: int
    nodes: int
    tasks: int
    """Processes on each node."""
    gpus: int
    """On each node."""
    cpus_per_task: int
    memory_gb: float | None
    setup: tuple[str, ...]
    extra: tuple[tuple[str, str | bool], ...]
    """Further options of sbatch, and their values; true for an option without one."""

    @property
    def processes(self) -> int:
        """Of one stage."""
        return self.nodes * self.tasks

    def joined(self, other: Resources) -> Resources:
        """Enough for one after the other; the place is that of who needs more GPUs."""
        place = other if (other.processes, other.gpus) > (self.processes, self.gpus) else self
        memory = [amount for amount in (self.memory_gb, other.memory_gb) if amount is not None]
        return replace(
            place,
            time_minutes=self.time_minutes + other.time_minutes,
            cpus_per_task=max(self.cpus_per_task, other.cpus_per_task),
            memory_gb=max(memory, default=None),
        )


_DECISION_MINUTES = 30
"""It composes the sweep and submits an axis: minutes of one core."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One element of an array: one stage, or a chain of them in one job."""

    keys: tuple[str, ...]
    parents: frozenset[str]
    """Unfinished stages outside of the unit that it reads."""
    resources: Resources


def resources_by_name(slurm: Mapping[str, Any], graph: Graph) -> dict[str, Resources]:
    """What each kind of stage asks for, and a decision. Raises ConfigurationError with every
    complaint about names, and about processes where a stage runs as one.
    """
    names = [*dict.fromkeys(stage.name for stage in graph), DECISION]
    of_stages: Mapping[str, Mapping[str, Any]] = slurm["stages"]
    complaints = [
        f"slurm.stages.{name}: no such stage in this run. {nearest(name, names)}"
        for name in of_stages
        if name not in names
    ]
    found: dict[str, Resources] = {}
    for name in names:
        mine = dict(of_stages.get(name) or {})
        merged = cluster_request(slurm, name)
        if name == DECISION:
            merged["time_minutes"] = mine.get("time_minutes", _DECISION_MINUTES)
        alike = [stage for stage in graph if stage.name == name]
        if not any(stage.cost.device == "any" for stage in alike):
            # It would hold a GPU and never use it; asking for one by the stage's name still does.
            merged["gpus"] = mine.get("gpus", 0)
        if any(stage.cost.splits > 1 for stage in alike):
            merged["tasks"] = merged["tasks"] or max(1, merged["gpus"])
        else:
            merged["nodes"], merged["tasks"] = 1, 1
            merged["gpus"] = mine.get("gpus", min(1, merged["gpus"]))
            complaints += [
                f"slurm.stages.{name}.{key}={mine[key]}: this stage runs as one process."
                for key in ("nodes", "tasks")
                if mine.get(key) not in (None, 1)
            ]
        further = {**slurm["extra"], **(mine.get("extra") or {})}
        complaints += extra_complaints(further, merged)
        if not complaints:
            extra = tuple(sorted(options(further).items()))
            found[name] = Resources(**{**merged, "setup": tuple(merged["setup"]), "extra": extra})
    if complaints:
        raise ConfigurationError(complaints)
    return found


def make_units(
    graph: Graph, keys: Iterable[str], unfinished: Iterable[str], resources: Mapping[str, Resources]
) -> list[Unit]:
    """One unit a stage, parents before children."""
    wanted, open_keys = set(keys), set(unfinished)
    return [
        Unit(
            keys=(key,),
            parents=frozenset(p for p in graph.parents(key) if p in open_keys),
            resources=resources[stage.name],
        )
        for key, stage in graph.stages.items()
        if key in wanted
    ]


def bundle(units: list[Unit], at_most: int) -> list[Unit]:
    """Fewer units: a stage that is all another waits for joins the only one that waits for it.

    Chains are closed from the graph's end until no more than `at_most` are left, if that can be.
    """
    by_last = {unit.keys[-1]: unit for unit in units}
    readers: dict[str, int] = {}
    for unit in units:
        for parent in unit.parents:
            readers[parent] = readers.get(parent, 0) + 1
    for unit in reversed(units):
        if len(by_last) <= at_most:
            break
        if len(unit.parents) != 1:
            continue
        (parent,) = unit.parents
        if readers[parent] != 1 or parent not in by_last:
            continue
        (end,) = [last for last, one in by_last.items() if unit.keys[0] in one.keys]
        if len({by_last[one].resources.processes for one in (end, parent)} - {1}) > 1:
            # One job has one number of processes.
            continue
        tail, head = by_last.pop(end), by_last.pop(parent)
        by_last[end] = Unit(
            keys=head.keys + tail.keys,
            parents=head.parents,
            resources=head.resources.joined(tail.resources),
        )
    place = {unit.keys[0]: index for index, unit in enumerate(units)}
    return sorted(by_last.values(), key=lambda unit: place[unit.keys[0]])


def arrays(units: Iterable[Unit], largest: int) -> list[list[Unit]]:
    """Units with the same parents and resources together, parents' arrays first."""
    groups: dict[tuple[frozenset[str], Resources], list[Unit]] = {}
    for unit in units:
        groups.setdefault((unit.parents, unit.resources), []).append(unit)
    return [
        group[start : start + largest]
        for group in groups.values()
        for start in range(0, len(group), largest)
    ]
