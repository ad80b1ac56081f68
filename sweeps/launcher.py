"""Hydra's launchers of ours: each takes a graph of stages to where it runs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from sweeps.asking.labels import stage_labels
from sweeps.asking.rows import Sweep
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.hardware.fit import Fit
from sweeps.hardware.gpus import unusable_gpus
from sweeps.hardware.memory import without_gaps
from sweeps.hardware.request import cluster_request
from sweeps.hardware.room import Room, this_machine
from sweeps.hardware.sharing import sharing
from sweeps.hardware.slots import find_slots, most_together
from sweeps.search.decision import Decision
from sweeps.stage import Stage
from sweeps.store import Store


class StageLauncher(Launcher):
    """Runs stages, not jobs: our sweeper hands over a graph instead of override lists."""

    cluster: ClassVar[bool]
    """Whether a stage runs as a cluster's job, which outlives the command, or on this machine."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Hydra's hook; what we need comes with each graph."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Hydra's other sweepers speak in jobs, which share nothing: refused."""
        raise NotImplementedError("hydra/launcher local and slurm need hydra/sweeper=study.")

    def room(self, stage: Stage, run: dict[str, Any]) -> Room:
        """What a stage of such a run has to itself; unknown parts are None."""
        return Room()

    def fit(self) -> Fit:
        """To ask whether stages fit where they would run."""
        return Fit(cluster=self.cluster, room=self.room)

    def check(self, stages: Iterable[Stage], run: dict[str, Any]) -> None:
        """Raise ConfigurationError for settings with which these stages could not be run."""

    @abstractmethod
    def run(
        self,
        graph: Graph,
        store: Store,
        run: dict[str, Any],
        sweeps: list[Sweep],
        then: Decision | None = None,
    ) -> int:
        """Bring the targets of `graph`, which `sweeps` ask for, into the store.

        `run` holds the run's settings (sweeps/settings.py); `then` is what a search does next, for
        a launcher that does not stay. Returns the exit status: 0 whole, 1 where a stage failed,
        130 after Ctrl-C.
        """


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
        store = Store(run["store"])
        todo = Graph(stages).needed(lambda stage: store.find(stage) is not None)
        if any(stage.cost.device == "any" for stage in todo.values()):
            raise ConfigurationError([complaint])

    def run(
        self,
        graph: Graph,
        store: Store,
        run: dict[str, Any],
        sweeps: list[Sweep],
        then: Decision | None = None,
    ) -> int:
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
        )
        return outcome.status


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
        """What jobs ask for, before data are fetched for them."""
        from sweeps.cluster.units import resources_by_name

        resources_by_name(run["slurm"], Graph(stages))

    def run(
        self,
        graph: Graph,
        store: Store,
        run: dict[str, Any],
        sweeps: list[Sweep],
        then: Decision | None = None,
    ) -> int:
        from sweeps.cluster.slurm import run_slurm

        return run_slurm(graph, store, run, labels=stage_labels(sweeps), then=then)
