"""hydra/launcher=local: worker processes on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sweeps.asking.labels import stage_labels
from sweeps.asking.rows import Sweep
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.hardware.gpus import unusable_gpus
from sweeps.hardware.room import Room, this_machine
from sweeps.hardware.sharing import sharing
from sweeps.hardware.slots import find_slots, most_together
from sweeps.launcher import StageLauncher, unfinished
from sweeps.search.decision import Decision
from sweeps.stage import Stage
from sweeps.store import Store


class LocalLauncher(StageLauncher):
    """Worker processes on this machine."""

    cluster = False

    def room(self, stage: Stage, run: dict[str, Any]) -> Room:
        """One device, or this machine's memory where there is none."""
        shared = sharing(stage, run, cluster=self.cluster).processes
        room = this_machine(stage.cost.device, run["slots_per_gpu"], shared)
        if shared == 1:
            return room
        slots = find_slots(run["workers"], run["threads"], run["slots_per_gpu"])
        return replace(room, most=most_together(slots))

    def check(self, stages: Iterable[Stage], run: dict[str, Any]) -> None:
        """A GPU that is asked for and cannot be used would fail every stage, hours from now."""
        complaint = unusable_gpus()
        if complaint is None:
            return
        if any(stage.cost.device == "any" for stage in unfinished(stages, run)):
            raise ConfigurationError([complaint])

    def run(
        self,
        graph: Graph,
        store: Store,
        run: dict[str, Any],
        sweeps: list[Sweep],
        then: Decision | None = None,
    ) -> int:
        from sweeps.running.filling import Filling
        from sweeps.running.local import run_local

        cells = [Graph(cell.scores.values()).stages for s in sweeps for cell in s.cells]
        outcome = run_local(
            graph,
            store,
            slots=run["workers"],
            threads=run["threads"],
            slots_per_gpu=run["slots_per_gpu"],
            workers_per_stage=run["workers_per_stage"],
            parallel=run["parallel"],
            lease_timeout=run["lease_timeout"],
            labels=stage_labels(sweeps),
            # A graph that stops before the scores makes no cell whole.
            cells=[cell for cell in cells if all(key in graph for key in cell)],
            filling=Filling(store, sweeps),
        )
        return outcome.status
