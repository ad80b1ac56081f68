"""What every launcher of ours is: it takes a graph of stages to where they run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig
from rich.console import Console

from sweeps.asking.rows import Sweep
from sweeps.graph import Graph
from sweeps.hardware.fit import Fit
from sweeps.hardware.room import Room
from sweeps.planning.plan import Plan
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
        raise NotImplementedError("A launcher of stages needs hydra/sweeper=study.")

    def room(self, stage: Stage, run: dict[str, Any]) -> Room:
        """What a stage of such a run has to itself; unknown parts are None."""
        return Room()

    def fit(self) -> Fit:
        """To ask whether stages fit where they would run."""
        return Fit(cluster=self.cluster, room=self.room)

    def check(self, stages: Iterable[Stage], run: dict[str, Any]) -> None:
        """Raise ConfigurationError for settings with which these stages could not be run."""

    def plan_as_json(self, plan: Plan, run: dict[str, Any]) -> Mapping[str, Any]:
        """What `format=json` says of a plan beside what holds of any machine."""
        return {}

    def show_plan(self, plan: Plan, run: dict[str, Any], console: Console) -> None:
        """The same for a reader."""

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


def unfinished(stages: Iterable[Stage], run: dict[str, Any]) -> list[Stage]:
    """Those of the stages, and of what they need, that a run still has to bring."""
    store = Store(run["store"])
    return list(Graph(stages).needed(lambda stage: store.find(stage) is not None).values())
