"""hydra/launcher=slurm: jobs on a SLURM cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from sweeps.asking.labels import stage_labels
from sweeps.asking.rows import Sweep
from sweeps.graph import Graph
from sweeps.hardware.devices import devices
from sweeps.hardware.memory import without_gaps
from sweeps.hardware.request import cluster_request
from sweeps.hardware.room import Room
from sweeps.hardware.sharing import sharing
from sweeps.launcher import StageLauncher, unfinished
from sweeps.planning.plan import Plan, make_plan
from sweeps.search.decision import Decision
from sweeps.stage import Stage
from sweeps.store import Store


class SlurmLauncher(StageLauncher):
    """Arrays of jobs on a SLURM cluster, through submitit."""

    cluster = True

    def room(self, stage: Stage, run: dict[str, Any]) -> Room:
        """What its job asks for; a GPU's memory is not known before the job runs."""
        asked = cluster_request(run["slurm"], stage.name)
        gpus = asked["gpus"] if stage.cost.device == "any" else 0
        memory = asked["memory_gb"] if not gpus else None
        devices = sharing(stage, run, cluster=self.cluster).processes
        here = devices // asked["nodes"] if devices > 1 else 1
        return Room(
            where=f"a job with slurm.memory_gb={memory}, a third left free,",
            memory_bytes=memory and without_gaps(memory * 2**30) / here,
            devices=devices,
        )

    def check(self, stages: Iterable[Stage], run: dict[str, Any]) -> None:
        """What jobs ask for, and whether they can be submitted here, before data are fetched.

        A plan needs no cluster. Raises SweepError where there is none.
        """
        from sweeps.cluster.queue import need_commands
        from sweeps.cluster.units import resources_by_name

        stages = list(stages)
        resources_by_name(run["slurm"], Graph(stages))
        if not run["plan"] and unfinished(stages, run):
            need_commands()

    def plan_as_json(self, plan: Plan, run: dict[str, Any]) -> Mapping[str, Any]:
        from sweeps.cluster.forecast import forecast
        from sweeps.cluster.forecast_view import as_json

        return {"cluster": as_json(forecast(plan, run))}

    def show_plan(self, plan: Plan, run: dict[str, Any], console: Console) -> None:
        from sweeps.cluster.forecast import forecast
        from sweeps.cluster.forecast_view import show

        show(forecast(plan, run), console)

    def run(
        self,
        graph: Graph,
        store: Store,
        run: dict[str, Any],
        sweeps: list[Sweep],
        then: Decision | None = None,
    ) -> int:
        from sweeps.cluster.forecast import forecast
        from sweeps.cluster.slurm import run_slurm

        plan = make_plan(
            sweeps,
            store,
            device=devices()[run["device"]],
            share_of_peak=run["share_of_peak"],
            until=run["until"],
        )
        for line in forecast(plan, run).late:
            print(line, file=sys.stderr)
        return run_slurm(graph, store, run, labels=stage_labels(sweeps), then=then)
