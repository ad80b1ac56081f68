"""What would run, what is there already, and what it costs: before anything starts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from sweeps.expand import Sweep
from sweeps.graph import Graph
from sweeps.settings import PEAK_FLOPS
from sweeps.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The work that some sweeps ask of a store."""

    sweeps: tuple[Sweep, ...]
    graph: Graph
    states: dict[str, str]
    """done, running or todo, by key."""
    device: str
    share_of_peak: float

    def keys(self, state: str) -> list[str]:
        """The stages in this state."""
        return [key for key in self.graph.stages if self.states[key] == state]

    @property
    def todo_flops(self) -> float:
        return sum(self.graph[key].cost.flops for key in self.keys("todo"))

    @property
    def flops(self) -> float:
        return sum(stage.cost.flops for stage in self.graph)

    @property
    def unshared_flops(self) -> float:
        """FLOPs if every cell ran all of its stages on its own."""
        return sum(
            stage.cost.flops
            for sweep in self.sweeps
            for cell in sweep.cells
            for stage in Graph(cell.scores.values())
        )

    def device_hours(self, flops: float) -> float:
        """Hours on one device of the named kind at the stated share of its peak."""
        return flops / (PEAK_FLOPS[self.device] * self.share_of_peak) / 3600


def make_plan(
    sweeps: Iterable[Sweep],
    state: Callable[[Stage], str],
    *,
    device: str,
    share_of_peak: float,
) -> Plan:
    """Plan these sweeps; `state` says of a stage whether it is done, running or todo."""
    sweeps = tuple(sweeps)
    graph = Graph(stage for sweep in sweeps for stage in sweep.stages)
    states = {key: state(stage) for key, stage in graph.stages.items()}
    return Plan(
        sweeps=sweeps, graph=graph, states=states, device=device, share_of_peak=share_of_peak
    )


def as_json(plan: Plan) -> str:
    """The plan for programs: `{"cells": [...], "stages": [...], ...}`."""
    return json.dumps(
        {
            "cells": [
                {
                    "sweep": sweep.id,
                    "row": row.label,
                    "baseline": row.baseline,
                    "seed": cell.seed,
                    "scores": {task: stage.key for task, stage in cell.scores.items()},
                }
                for sweep in plan.sweeps
                for row in sweep.rows
                for cell in row.cells
            ],
            "stages": [
                {
                    "name": stage.name,
                    "key": key,
                    "state": plan.states[key],
                    "cost": stage.spec()["cost"],
                    "inputs": stage.input_keys,
                }
                for key, stage in plan.graph.stages.items()
            ],
            "total": _totals(plan),
            "notices": [notice for sweep in plan.sweeps for notice in sweep.notices],
        },
        indent=1,
    )


def _totals(plan: Plan) -> dict[str, Any]:
    weight, chain = plan.graph.longest_chain(lambda stage: stage.cost.flops)
    unshared = plan.unshared_flops
    return {
        "flops": plan.flops,
        "todo_flops": plan.todo_flops,
        "unshared_flops": unshared,
        "saved_percent": 100 * (1 - plan.flops / unshared) if unshared else 0.0,
        "tokens": sum(stage.cost.tokens for stage in plan.graph),
        "device": plan.device,
        "share_of_peak": plan.share_of_peak,
        "device_hours": plan.device_hours(plan.flops),
        "todo_device_hours": plan.device_hours(plan.todo_flops),
        "memory_bytes": max((s.cost.memory_bytes for s in plan.graph), default=0),
        "disk_bytes": sum(s.cost.disk_bytes for s in plan.graph),
        "longest_chain": [f"{plan.graph[key].name} {key}" for key in chain],
        "longest_chain_hours": plan.device_hours(weight),
    }


def show(plan: Plan, console: Console) -> None:
    """The plan for a reader."""
    for sweep in plan.sweeps:
        table = Table(title=f"{sweep.title} ({sweep.id})", title_justify="left")
        for heading in ("row", "seeds", "stages done", "to do"):
            table.add_column(heading, justify="left" if heading == "row" else "right")
        for row in sweep.rows:
            graph = Graph(stage for cell in row.cells for stage in cell.scores.values())
            done = sum(plan.states[key] == "done" for key in graph.stages)
            star = "* " if row.baseline else ""
            seeds = ", ".join(str(cell.seed) for cell in row.cells)
            table.add_row(star + row.label, seeds, str(done), str(len(graph) - done))
        console.print(table)
        for notice in sweep.notices:
            console.print(notice, highlight=False)
    kinds = Table(title="Distinct stages", title_justify="left")
    for heading in ("stage", "done", "running", "to do", "PFLOPs to do"):
        kinds.add_column(heading, justify="left" if heading == "stage" else "right")
    counts = Counter((stage.name, plan.states[key]) for key, stage in plan.graph.stages.items())
    for name in dict.fromkeys(stage.name for stage in plan.graph):
        todo = [stage for k in plan.keys("todo") if (stage := plan.graph[k]).name == name]
        flops = sum(stage.cost.flops for stage in todo)
        cells = [str(counts[name, state]) for state in ("done", "running", "todo")]
        kinds.add_row(name, *cells, f"{flops / 1e15:,.3g}")
    console.print(kinds)
    totals = _totals(plan)
    console.print(
        f"{sum(len(s.cells) for s in plan.sweeps)} cells, {len(plan.graph)} distinct stages; "
        f"sharing saves {totals['saved_percent']:.0f}% of {totals['unshared_flops']:.3g} FLOPs.\n"
        f"To do: {totals['todo_flops']:.3g} FLOPs, {totals['todo_device_hours']:,.3g} hours on one "
        f"{plan.device} at {plan.share_of_peak:.0%} of its peak; "
        f"longest chain {totals['longest_chain_hours']:,.3g} hours; "
        f"largest stage {totals['memory_bytes'] / 2**30:,.3g} GiB of memory; "
        f"all results {totals['disk_bytes'] / 2**30:,.3g} GiB of disk.",
        highlight=False,
    )
