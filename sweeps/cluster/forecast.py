"""What a plan's stages ask of a cluster: jobs, GPUs, wall time, and what cannot end in time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.cluster.queue import this_cluster
from sweeps.cluster.units import Resources, arrays, bundle, make_units, resources_by_name
from sweeps.hardware.devices import CORE, Device, devices
from sweeps.hardware.sharing import divisors
from sweeps.planning.plan import Plan
from sweeps.planning.words import duration
from sweeps.stage import Stage

EFFICIENCY = {"ddp": 0.9, "fsdp": 0.8}
"""What several processes reach of so many times one device's pace: stated, not measured."""


@dataclass(frozen=True, kw_only=True)
class StageForecast:
    """What one stage asks of a cluster, and how long its job takes."""

    stage: Stage
    wanted: Resources
    device: Device
    """What each of its processes computes on."""
    seconds: float | None
    """Wall time from the start of its job, if no attempt is cut short; None if nobody knows."""
    attempts: int
    """How often its job may run up to its time limit."""

    @property
    def name(self) -> str:
        return self.stage.name

    @property
    def processes(self) -> int:
        return self.wanted.processes

    @property
    def gpus(self) -> int:
        """On all of its nodes together."""
        return self.wanted.nodes * self.wanted.gpus

    @property
    def limit_seconds(self) -> float:
        """Of one attempt."""
        return 60.0 * self.wanted.time_minutes

    @property
    def in_time(self) -> bool | None:
        """Whether its attempts are enough, each of which starts anew; None if nobody knows."""
        return None if self.seconds is None else self._needs(self.limit_seconds) <= self.attempts

    def _needs(self, limit_seconds: float) -> float:
        """The attempts that it takes with such a limit."""
        assert self.seconds is not None
        start = self.device.start_seconds
        useful = limit_seconds - start
        return max(1, math.ceil((self.seconds - start) / useful)) if useful > 0 else math.inf


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a submission would be."""

    stages: tuple[StageForecast, ...]
    jobs: int
    arrays: int
    max_jobs: int
    parallel: str
    chain: tuple[StageForecast, ...]
    """The longest in wall time, from its first stage to its last."""

    @property
    def kinds(self) -> list[StageForecast]:
        """Of each name the stage that takes longest."""
        names = dict.fromkeys(one.name for one in self.stages)
        return [max(self.of(name), key=lambda one: one.seconds or 0.0) for name in names]

    def of(self, name: str) -> list[StageForecast]:
        """The stages of this name."""
        return [one for one in self.stages if one.name == name]

    @property
    def chain_seconds(self) -> float:
        """Of what is known of the longest chain."""
        return sum(one.seconds or 0.0 for one in self.chain)

    @property
    def gpu_hours(self) -> float:
        """GPUs times the hours that they are held, of what is known."""
        return sum(one.gpus * (one.seconds or 0.0) for one in self.stages) / 3600

    @property
    def late(self) -> tuple[str, ...]:
        """Of each kind that cannot end in time, that and what to type."""
        return tuple(_late(one, self.parallel) for one in self.kinds if one.in_time is False)


def forecast(plan: Plan, run: Mapping[str, Any]) -> Forecast:
    """What submitting the plan's stages to do would be, with the run's settings.

    Raises ConfigurationError for settings with which they could not be submitted.
    """
    todo = plan.keys("todo")
    resources = resources_by_name(run["slurm"], plan.graph)
    units = make_units(plan.graph, todo, plan.keys("todo", "running"), resources)
    if len(units) > run["max_jobs"]:
        units = bundle(units, run["max_jobs"])
    attempts = run["slurm"]["max_requeues"] + 1

    def of(stage: Stage) -> StageForecast:
        return _stage(stage, resources[stage.name], plan, run["parallel"], attempts)

    found = {key: of(plan.graph[key]) for key in todo}
    # A little for each, so that a chain begins with what costs nothing.
    _, chain = plan.graph.longest_chain(lambda one: (found[one.key].seconds or 0.0) + 1e-6, todo)
    return Forecast(
        stages=tuple(found.values()),
        jobs=len(units),
        arrays=len(arrays(units, this_cluster().largest_array)),
        max_jobs=run["max_jobs"],
        parallel=run["parallel"],
        chain=tuple(found[key] for key in chain),
    )


def _stage(
    stage: Stage, wanted: Resources, plan: Plan, parallel: str, attempts: int
) -> StageForecast:
    on_gpu = stage.cost.device == "any" and wanted.gpus > 0
    device = plan.device if on_gpu or stage.cost.device == "cpu" else devices()[CORE]
    share = plan.share_of_peak if device is plan.device else None
    threads = 1 if on_gpu else wanted.cpus_per_task
    seconds = None
    if device.knows(stage):
        pace = threads * speedup(wanted.processes, parallel)
        seconds = device.time(stage, share, devices=pace, alone=True)
    return StageForecast(
        stage=stage, wanted=wanted, device=device, seconds=seconds, attempts=attempts
    )


def speedup(processes: int, parallel: str) -> float:
    """How many times the pace of one so many have together."""
    return processes * EFFICIENCY[parallel] if processes > 1 else 1.0


def _late(one: StageForecast, parallel: str) -> str:
    limit, requeues = one.wanted.time_minutes, one.attempts - 1
    times = "once" if one.attempts == 1 else f"{one.attempts} times"
    return (
        f"{one.name} cannot end in time: it takes about {duration(one.seconds)}, and its job may "
        f"run {limit:,} minutes {times} (slurm.max_requeues={requeues}). Type "
        f"{_either(_remedies(one, parallel))}."
    )


def _remedies(one: StageForecast, parallel: str) -> Iterable[str]:
    """Settings of which each is enough, or which is the first to change."""
    assert one.seconds is not None
    own = f"slurm.stages.{one.name}"
    start = one.device.start_seconds
    net = one.seconds - start
    if one.device.name == CORE and one.stage.cost.device == "any" and not one.wanted.gpus:
        yield "slurm.gpus=1"
    yield f"{own}.time_minutes={_ceiling((net / one.attempts + start) / 60)}"
    if one.limit_seconds > start:
        yield f"slurm.max_requeues={math.ceil(net / (one.limit_seconds - start)) - 1}"
    if one.wanted.gpus and one.wanted.nodes == 1 and one.wanted.tasks == one.wanted.gpus:
        now = speedup(one.processes, parallel)
        most = one.attempts * (one.limit_seconds - start)
        for number in divisors(one.stage.cost.splits):
            if one.processes < number and net * now / speedup(number, parallel) <= most:
                yield f"{own}.gpus={number}"
                return


def _ceiling(minutes: float) -> int:
    """A limit that is enough, of two digits."""
    unit = 10 ** max(0, math.floor(math.log10(minutes)) - 1)
    return math.ceil(minutes / unit) * unit


def _either(words: Iterable[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last
