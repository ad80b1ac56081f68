"""How many processes share a stage, and whether they can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.graph import Graph
from sweeps.hardware.request import cluster_request
from sweeps.stage import Stage
from sweeps.store import Store


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """The processes of one stage."""

    processes: int = 1
    asked: str = ""
    """The settings that made it so many, as typed."""


def sharing(stage: Stage, run: Mapping[str, Any], *, cluster: bool) -> Sharing:
    """By the run's settings: `slurm` on a cluster, else `workers_per_stage`."""
    if stage.cost.splits == 1:
        return Sharing()
    if not cluster:
        # Fewer than one is complained of with the other settings.
        workers = max(1, run["workers_per_stage"])
        return Sharing(processes=workers, asked=f"workers_per_stage={workers}")
    asked = cluster_request(run["slurm"], stage.name)
    nodes, tasks = asked["nodes"], asked["tasks"]
    if tasks is None:
        tasks = (asked["gpus"] if stage.cost.device == "any" else 0) or 1
    # What is no number at all is complained of with the other settings.
    if not all(isinstance(number, int) and number > 0 for number in (nodes, tasks)):
        return Sharing()
    asked_as = f"slurm.nodes={nodes} with {tasks} each by slurm.tasks or slurm.gpus"
    return Sharing(processes=nodes * tasks, asked=asked_as)


def unshared(
    targets: Iterable[Stage], store: Store, run: Mapping[str, Any], *, cluster: bool
) -> list[str]:
    """The complaints about what is still to run and cannot be shared as the run would share it."""
    graph = Graph(targets)
    complaints = {
        stage.key: lines
        for stage in graph
        if (lines := _unshared(stage, sharing(stage, run, cluster=cluster), run["parallel"]))
    }
    if not complaints:
        return []
    todo = graph.needed(lambda stage: store.find(stage) is not None)
    return list(
        dict.fromkeys(one for key, lines in complaints.items() if key in todo for one in lines)
    )


def _unshared(stage: Stage, shared: Sharing, parallel: str) -> list[str]:
    """The complaints about a batch that does not divide, and about the way to share."""
    rows, complaints = stage.cost.splits, []
    if rows % shared.processes and rows > 1:
        *accepted, last = map(str, divisors(rows))
        complaints.append(
            f"{stage.name}: {shared.processes} processes ({shared.asked}) do not divide its batch "
            f"of {rows} rows; accepted are {', '.join(accepted)} and {last}."
        )
    if shared.processes > 1 and parallel in stage.cost.unshareable:
        complaints.append(stage.cost.unshareable[parallel])
    return complaints


def divisors(rows: int) -> list[int]:
    """The numbers of processes that can share so many rows, smallest first."""
    return [n for n in range(1, rows + 1) if rows % n == 0]
