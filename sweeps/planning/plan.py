"""What would run, what is there already, and what it costs: before anything starts."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sweeps.asking.labels import stage_labels
from sweeps.asking.rows import Sweep
from sweeps.graph import Graph
from sweeps.hardware.devices import Device
from sweeps.lease import running_lease
from sweeps.planning.claimed import could_show
from sweeps.planning.words import some_of
from sweeps.stage import Stage
from sweeps.store import Store, store_errors

STATES = ("done", "running", "todo")
"""Finished, held by a process that still beats, and the rest."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The work that some sweeps ask of a store."""

    sweeps: tuple[Sweep, ...]
    graph: Graph
    states: Mapping[str, str]
    """One of STATES for each key."""
    device: Device
    share_of_peak: float | None
    """What was asked for instead of what is known of the device."""
    bounds: Mapping[str, Graph]
    """Of each unfinished search, all that it may still come to ask for, by the sweep's id."""
    disk_free_bytes: float
    where: Mapping[str, str]
    """Host and process of the stages that run, by key."""
    until: str | None
    """The name of the stages that it ends with; None plans to the scores."""
    claims: tuple[Mapping[str, Any], ...] = ()
    """What each claim could show with the seeds asked for (sweeps/planning/claimed.py)."""

    def keys(self, *states: str) -> list[str]:
        """The stages in these states."""
        return [key for key in self.graph.stages if self.states[key] in states]

    def stages(self, *states: str) -> list[Stage]:
        """As `keys`, the stages themselves."""
        return [self.graph[key] for key in self.keys(*states)]

    def seconds(self, stage: Stage) -> float:
        """Of one stage, on one device of the named kind."""
        return self.device.time(stage, self.share_of_peak)

    def unknown(self, stages: Iterable[Stage]) -> list[str]:
        """The names of those of these stages whose time nobody knows, each once."""
        names = [stage.name for stage in stages if not self.device.knows(stage)]
        return list(dict.fromkeys(names))

    def hours(self, stages: Iterable[Stage]) -> float:
        """Of all of these whose time is known, one after the other on one device."""
        return sum(map(self.seconds, stages)) / 3600

    @cached_property
    def unshared_flops(self) -> float:
        """FLOPs if every cell ran all of its stages on its own."""
        return sum(
            stage.cost.flops
            for sweep in self.sweeps
            for cell in sweep.cells
            for stage in self.part(cell.scores.values())
        )

    def part(self, targets: Iterable[Stage]) -> Graph:
        """What is planned of these and of what they need."""
        return Graph(targets).up_to(self.until)

    @cached_property
    def labels(self) -> dict[str, str]:
        """What a person calls each stage, by key."""
        return stage_labels(self.sweeps)

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """What the study says of the cells, each sentence once.

        One that is not said of all rows has in front of it of which it is.
        """
        rows = [row for sweep in self.sweeps for row in sweep.rows]
        said: dict[str, list[str]] = {}
        for row in rows:
            for remark in dict.fromkeys(r for cell in row.cells for r in cell.remarks):
                said.setdefault(remark, []).append(row.label)
        return tuple(
            remark if len(labels) == len(rows) else f"{some_of(labels)}: {remark}"
            for remark, labels in said.items()
        )

    @cached_property
    def largest(self) -> Stage | None:
        """The stage with the most memory of those that are not done."""
        return max(
            self.stages("todo", "running"), key=lambda stage: stage.cost.memory_bytes, default=None
        )

    def totals(self) -> dict[str, Any]:
        """All sums, by name; the units stand in the names."""
        todo = self.stages("todo")
        flops, unshared = flops_of(self.graph), self.unshared_flops
        hours = self.hours(self.graph)
        seconds, chain = self.graph.longest_chain(self._weight)
        unfinished = set(self.keys("todo", "running"))
        left, chain_left = self.graph.longest_chain(self._weight, unfinished)
        memory = self.largest.cost.memory_bytes if self.largest else 0
        reached: float | None = self.device.share_of_peak
        if self.device.measured:
            reached = flops / (3600 * hours * self.device.peak_flops) if hours else None
        return {
            "stages": {state: len(self.keys(state)) for state in STATES},
            "flops": flops,
            "todo_flops": flops_of(todo),
            "unshared_flops": unshared,
            "saved_flops": unshared - flops,
            "saved_percent": 100 * (1 - flops / unshared) if unshared else 0.0,
            "tokens": sum(stage.cost.tokens for stage in self.graph),
            "todo_tokens": sum(stage.cost.tokens for stage in todo),
            "device": self.device.name,
            "share_of_peak": reached if self.share_of_peak is None else self.share_of_peak,
            "basis": self.device.basis if self.share_of_peak is None else "as asked for",
            "device_hours": hours,
            "todo_device_hours": self.hours(todo),
            "memory_bytes": memory,
            "device_memory_bytes": self.device.memory_bytes,
            "devices_to_fit": -(-memory // self.device.memory_bytes) if memory else 0,
            "disk_bytes": sum(stage.cost.disk_bytes for stage in self.graph),
            "todo_disk_bytes": sum(s.cost.disk_bytes for s in self.stages("todo", "running")),
            "disk_free_bytes": self.disk_free_bytes,
            "longest_chain": [f"{self.graph[key].name} {key}" for key in chain],
            "longest_chain_hours": seconds / 3600,
            "todo_longest_chain": [f"{self.graph[key].name} {key}" for key in chain_left],
            "todo_longest_chain_hours": left / 3600,
        }

    def _weight(self, stage: Stage) -> float:
        # A little for each, so that a chain begins with what costs nothing.
        return self.seconds(stage) + 1e-6

    def counts(self) -> dict[str, dict[str, int]]:
        """Stages by name and state."""
        found: dict[str, Counter[str]] = {}
        for key, stage in self.graph.stages.items():
            found.setdefault(stage.name, Counter())[self.states[key]] += 1
        return {name: {state: count[state] for state in STATES} for name, count in found.items()}


def make_plan(
    sweeps: Iterable[Sweep],
    store: Store,
    *,
    device: Device,
    share_of_peak: float | None = None,
    bounds: Mapping[str, Iterable[Stage]] | None = None,
    until: str | None = None,
) -> Plan:
    """Plan these sweeps on a store, which need not exist yet.

    `bounds` are the stages that an unfinished search may still ask for, by the sweep's id; `until`
    names the stages to end with.
    """
    sweeps = tuple(sweeps)
    graph = Graph(stage for sweep in sweeps for stage in sweep.stages).up_to(until)
    finished = {key for key, stage in graph.stages.items() if store.find(stage) is not None}
    # A missing stage that nothing unfinished reads any more is nothing to do.
    needed = graph.needed(lambda stage: stage.key in finished)
    held = set(_names(store.path / "leases")) & needed.keys()
    leases = {key: lease for key in held if (lease := running_lease(store, key)) is not None}
    states = {
        key: "running" if key in leases else "todo" if key in needed else "done"
        for key in graph.stages
    }
    return Plan(
        sweeps=sweeps,
        graph=graph,
        states=states,
        device=device,
        share_of_peak=share_of_peak,
        bounds={name: Graph(stages).up_to(until) for name, stages in (bounds or {}).items()},
        disk_free_bytes=_free(store.path),
        where={
            key: f"{lease.holder.host}:{lease.holder.pid}"
            for key, lease in leases.items()
            if lease.holder is not None
        },
        until=until,
        claims=tuple(one for sweep in sweeps for one in could_show(sweep, store)),
    )


def flops_of(stages: Iterable[Stage]) -> float:
    """The FLOPs of all of these."""
    return sum(stage.cost.flops for stage in stages)


def _names(folder: Path) -> list[str]:
    with store_errors("list", folder):
        try:
            return os.listdir(folder)
        except FileNotFoundError:
            return []


def _free(path: Path) -> float:
    """Free space where the store is, or will be."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
