"""A plan for a reader, and for programs."""

from __future__ import annotations

import json
import os
from typing import Any

from rich.console import Console
from rich.table import Table

from sweeps.asking.rows import Sweep
from sweeps.hardware.devices import CORE
from sweeps.hardware.room import thriftier
from sweeps.planning.claimed import sentence
from sweeps.planning.plan import STATES, Plan, flops_of
from sweeps.planning.words import UNKNOWN, duration, gib, size
from sweeps.stage import Stage

HEADINGS = {"done": "done", "running": "running elsewhere", "todo": "to do"}
_SHOWN_RUNNING = 5
_SHOWN_REMARKS = 8


def as_json(plan: Plan, **further: Any) -> str:
    """The plan for programs: `{"cells": [...], "stages": [...], ...}`, and what a launcher adds."""
    return json.dumps(
        {
            **further,
            "cells": [
                {
                    "sweep": sweep.id,
                    "row": row.label,
                    "baseline": row.baseline,
                    "seed": cell.seed,
                    "scores": {
                        task: stage.key
                        for task, stage in cell.scores.items()
                        if stage.key in plan.graph
                    },
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
                    "seconds": plan.seconds(stage),
                    "time_known": plan.device.knows(stage),
                    "inputs": stage.input_keys,
                }
                for key, stage in plan.graph.stages.items()
            ],
            "total": plan.totals(),
            "searches": [_search(plan, sweep) for sweep in plan.sweeps if sweep.id in plan.bounds],
            "claims": list(plan.claims),
            "notices": [notice for sweep in plan.sweeps for notice in sweep.notices],
            "remarks": list(plan.remarks),
        },
        indent=1,
    )


def _search(plan: Plan, sweep: Sweep) -> dict[str, Any]:
    bound = plan.bounds[sweep.id]
    return {
        "sweep": sweep.id,
        "path": sweep.found,
        "bound_flops": flops_of(bound),
        "bound_device_hours": plan.hours(bound),
        "bound_stages": len(bound),
    }


def show(plan: Plan, console: Console) -> None:
    """The plan for a reader."""
    for sweep in plan.sweeps:
        console.print(_rows(plan, sweep))
        for notice in sweep.notices:
            console.print(notice, highlight=False)
        if sweep.id in plan.bounds:
            console.print(_bound(plan, sweep), highlight=False)
    if plan.claims:
        said = "\n".join(map(sentence, plan.claims))
        console.print(said, highlight=False, markup=False)
    console.print(_kinds(plan))
    for line in [*_sentences(plan), *_remarks(plan)]:
        console.print(line, highlight=False)


def _rows(plan: Plan, sweep: Sweep) -> Table:
    table = Table(title=f"{sweep.title} ({sweep.id})", title_justify="left")
    for heading in ("row", "runs", *HEADINGS.values()):
        table.add_column(heading, justify="left" if heading == "row" else "right")
    for row in sweep.rows:
        keys = plan.part(stage for cell in row.cells for stage in cell.scores.values()).stages
        counts = [sum(plan.states[key] == state for key in keys) for state in STATES]
        star = "★ " if row.baseline else ""
        table.add_row(star + row.label, _seeds(row.cells), *map(str, counts))
    return table


def _seeds(cells: Any) -> str:
    seeds = [cell.seed for cell in cells]
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"seeds {seeds[0]}-{seeds[-1]}"
    return f"seeds {', '.join(map(str, seeds))}"


def _bound(plan: Plan, sweep: Sweep) -> str:
    """What is known of a search before its next winner, or of claims before they are decided."""
    bound = plan.bounds[sweep.id]
    most = (
        f"at most {len(bound):,} stages, {flops_of(bound):.3g} FLOPs, "
        f"about {duration(3600 * plan.hours(bound))} on one {plan.device.name}."
    )
    if sweep.rounds:
        seeds = sweep.rounds["most"]
        return (
            f"Claims are to be decided: known so far is what stands above. If they stay open up to "
            f"{seeds} seeds a row, it asks for {most}"
        )
    path = (sweep.found or {}).get("axes", [])
    asked = path[-1]["name"] if path else "its first axis"
    return (
        f"A search: known so far is what stands above, up to the candidates of {asked}. If every "
        f"candidate of every axis runs, it asks for {most}"
    )


def _kinds(plan: Plan) -> Table:
    kept = f" up to {plan.until}" if plan.until else ""
    kinds = Table(title=f"Distinct stages{kept}, and what those to do cost", title_justify="left")
    for heading in ("stage", *HEADINGS.values(), "FLOPs", "tokens", "time"):
        justify = "left" if heading == "stage" else "right"
        kinds.add_column(heading, justify=justify, no_wrap=heading == "time")  # type: ignore[arg-type]
    for name, counts in plan.counts().items():
        todo = [stage for stage in plan.stages("todo") if stage.name == name]
        kinds.add_row(
            name,
            *(f"{counts[state]:,}" for state in STATES),
            f"{flops_of(todo):.3g}",
            f"{sum(stage.cost.tokens for stage in todo):.3g}",
            _time(plan, todo),
        )
    return kinds


def _sentences(plan: Plan) -> list[str]:
    total = plan.totals()
    cells = sum(len(sweep.cells) for sweep in plan.sweeps)
    lines = [
        f"{cells:,} {'cell' if cells == 1 else 'cells'}, {len(plan.graph):,} distinct stages: "
        + ", ".join(f"{count:,} {HEADINGS[state]}" for state, count in total["stages"].items())
        + ".",
        f"Sharing between rows saves {total['saved_flops']:.3g} of "
        f"{total['unshared_flops']:.3g} FLOPs, {total['saved_percent']:.0f}%, against running "
        "every row on its own.",
        _to_do(plan, total),
        *_memory(plan, total),
        _disk(total),
    ]
    for key in plan.keys("running")[:_SHOWN_RUNNING]:
        lines.append(
            f"Runs elsewhere: {plan.labels[key]} on {plan.where.get(key, 'another host')}."
        )
    return lines


def _time(plan: Plan, stages: list[Stage]) -> str:
    """Of all of these, one after the other; empty for no stages."""
    if not stages:
        return ""
    known = any(map(plan.device.knows, stages))
    return duration(3600 * plan.hours(stages) if known else None)


def _to_do(plan: Plan, total: dict[str, Any]) -> str:
    todo = plan.stages("todo")
    if not todo:
        return "To do: nothing."
    unknown = plan.unknown(todo)
    beside = f" The time of {' and '.join(unknown)} is {UNKNOWN}." if unknown else ""
    line = f"To do: {total['todo_flops']:.3g} FLOPs, {total['todo_tokens']:.3g} tokens"
    if not any(map(plan.device.knows, todo)):
        return f"{line}.{beside}"
    chain = duration(3600 * total["todo_longest_chain_hours"])
    return (
        f"{line}, about {_time(plan, todo)} on one {plan.device.name} {_pace(plan, total)}; the "
        f"longest chain takes {chain}{_chain(plan, total['todo_longest_chain'])}."
        f"{_here(plan, total)}{beside}"
    )


def _here(plan: Plan, total: dict[str, Any]) -> str:
    """The time on all cores of this machine, where one of its cores is what the plan counts."""
    cores = len(os.sched_getaffinity(0))
    if plan.device.name != CORE or cores == 1:
        return ""
    hours = max(total["todo_longest_chain_hours"], plan.hours(plan.stages("todo")) / cores)
    return f" On the {cores} cores here, were they free: about {duration(3600 * hours)}."


def _remarks(plan: Plan) -> list[str]:
    """The study's own sentences; of many rows' only the first."""
    more = len(plan.remarks) - _SHOWN_REMARKS
    rest = [f"... and {more:,} more sentences of this kind: format=json."] if more > 0 else []
    return [*plan.remarks[:_SHOWN_REMARKS], *rest]


def _pace(plan: Plan, total: dict[str, Any]) -> str:
    share = total["share_of_peak"]
    if plan.share_of_peak is None and plan.device.measured:
        return f"({total['basis']})"
    return f"at {share:.0%} of its peak ({total['basis']})" if share else f"({total['basis']})"


def _chain(plan: Plan, chain: list[str]) -> str:
    return f" ({' > '.join(word.partition(' ')[0] for word in chain)})" if chain else ""


def _memory(plan: Plan, total: dict[str, Any]) -> list[str]:
    if not plan.largest or not total["memory_bytes"]:
        return []
    device = plan.device
    line = f"Memory: at most {gib(total['memory_bytes'])} ({plan.labels[plan.largest.key]})"
    if total["devices_to_fit"] <= 1:
        return [f"{line}; one {device.name} has {gib(device.memory_bytes)}."]
    less = plan.largest.cost.thriftier
    instead = ""
    if typed := thriftier(plan.largest, device.memory_bytes):
        instead = f" One is enough with {typed} ({gib(less[typed])})."
    elif less:
        typed = min(less, key=less.__getitem__)
        instead = f" With {typed} it takes {gib(less[typed])}."
    return [
        f"{line}: more than one {device.name} has ({gib(device.memory_bytes)}); it takes at least "
        f"{total['devices_to_fit']:.0f}, with the model spread over them.{instead}"
    ]


def _disk(total: dict[str, Any]) -> str:
    free, wanted = total["disk_free_bytes"], total["todo_disk_bytes"]
    writes = f"what is to do writes about {size(wanted)}" if wanted else "nothing to write"
    line = f"Disk: {writes}, {size(free)} are free"
    if wanted > free:
        return f"{line}: NOT ENOUGH. Free space there, or choose another folder with store=PATH."
    return f"{line}."
