"""What a plan says of a cluster, for a reader and for programs."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from sweeps.cluster.forecast import EFFICIENCY, Forecast
from sweeps.planning.words import duration, rounded


def as_json(found: Forecast) -> dict[str, Any]:
    """For programs; of a stage whose time nobody knows, `seconds` and `in_time` are null."""
    return {
        "jobs": found.jobs,
        "arrays": found.arrays,
        "max_jobs": found.max_jobs,
        "parallel": found.parallel,
        "efficiency": EFFICIENCY[found.parallel],
        "gpu_hours": found.gpu_hours,
        "longest_chain": [f"{one.name} {one.stage.key}" for one in found.chain],
        "longest_chain_seconds": found.chain_seconds,
        "stages": [
            {
                "name": one.name,
                "key": one.stage.key,
                "device": one.device.name,
                "gpus": one.gpus,
                "processes": one.processes,
                "seconds": one.seconds,
                "limit_seconds": one.limit_seconds,
                "attempts": one.attempts,
                "in_time": one.in_time,
            }
            for one in found.stages
        ],
        "late": list(found.late),
    }


def show(found: Forecast, console: Console) -> None:
    """A table of the kinds of stages, and what of it matters in sentences."""
    if not found.stages:
        return
    table = Table(title="On the cluster, without waiting in its queue", title_justify="left")
    headings = ("stage", "jobs", "on", "GPUs each", "longest", "may run")
    for heading in headings:
        left = heading in ("stage", "on")
        table.add_column(heading, justify="left" if left else "right")
    for one in found.kinds:
        table.add_row(
            one.name,
            f"{len(found.of(one.name)):,}",
            one.device.name if one.stage.cost.device == "any" else "cores",
            str(one.gpus),
            duration(one.seconds),
            f"{one.attempts} x {duration(one.limit_seconds)}",
        )
    console.print(table)
    for line in _sentences(found):
        console.print(line, highlight=False)


def _sentences(found: Forecast) -> list[str]:
    jobs = f"{found.jobs:,} {'job' if found.jobs == 1 else 'jobs'} in {found.arrays:,} "
    jobs += "array" if found.arrays == 1 else "arrays"
    if found.jobs > found.max_jobs:
        jobs += f", of which at most max_jobs={found.max_jobs:,} are in the queue at a time"
    elif found.jobs < len(found.stages):
        jobs += f", chains of stages sharing one to stay within max_jobs={found.max_jobs:,}"
    lines = [
        f"{jobs}; about {rounded(found.gpu_hours)} GPU hours." if found.gpu_hours else f"{jobs}."
    ]
    if known := [one for one in found.chain if one.seconds is not None]:
        names = " > ".join(one.name for one in found.chain)
        unknown = [one.name for one in found.chain if one not in known]
        beside = f", {' and '.join(unknown)} not counted" if unknown else ""
        lines.append(
            "With room for all of them at once the longest chain takes about "
            f"{duration(found.chain_seconds)} ({names}){beside}."
        )
    if any(one.processes > 1 for one in found.kinds):
        share = EFFICIENCY[found.parallel]
        lines.append(
            f"Processes that share a stage by {found.parallel.upper()} are counted at {share:.0%} "
            "of as many single ones: stated, not measured."
        )
    return [*lines, *found.late]
