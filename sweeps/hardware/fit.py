"""Whether the stages of a cell fit where a launcher would take them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sweeps.graph import Graph
from sweeps.hardware.room import Room, unfit
from sweeps.hardware.sharing import unshared
from sweeps.stage import Stage
from sweeps.store import Store


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What one launcher offers to stages."""

    cluster: bool
    """Whether a stage runs as a cluster's job, or on this machine."""
    room: Callable[[Stage, dict[str, Any]], Room] | None = None
    """What a stage of a run has to itself; None where no launcher has been started."""

    def complaints(self, targets: Iterable[Stage], run: dict[str, Any], typed: str) -> list[str]:
        """What makes unfinished stages impossible there: of a plan, only what is so everywhere.

        `run` holds the run's settings; `typed` names the row in those complaints that name no
        setting, and is empty where the caller names it.
        """
        targets, store, room = list(targets), Store(run["store"]), self.room
        complaints = unshared(targets, store, run, cluster=self.cluster)
        if room is None or run["plan"]:
            return complaints
        if run["until"] is not None:
            # The others are left for another time, and perhaps for a larger machine.
            part = Graph(targets).up_to(run["until"])
            targets = [part[key] for key in part.targets]
        large = unfit(targets, store, lambda stage: room(stage, run))
        return complaints + [f"{typed}: {line}" if typed else line for line in large]
