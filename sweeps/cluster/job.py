"""What one element of a cluster's array does: the stages of a list of keys, one after another."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from submitit.core.utils import UncompletedJobError
from submitit.helpers import Checkpointable

from sweeps.errors import DamagedSpecificationError, SweepError
from sweeps.lease import HeldLease
from sweeps.running.code import commit_of
from sweeps.running.context import StopRequest
from sweeps.running.execute import Result, failure_record, run_one
from sweeps.running.ranks import Announcements, Ranks, announcement_of, follow
from sweeps.running.worker import EXIT_CODES, STORE_ERROR_CODE
from sweeps.store import Store, write_json

_PATIENCE = 60.0
"""Seconds that a job told to end by SIGTERM alone stays: SLURM requeues what it kills itself."""
_FINE = (0, 1)
"""Statuses of a command that did its part: a stage that failed is no failure of a decision."""

log = logging.getLogger(__name__)


class RunStages(Checkpointable):
    """Without a state of its own, so that a job is this class's dotted path and plain values.

    `options` has token, threads, gpus, nodes, tasks (processes a node), parallel (how these share
    a stage), lease_timeout, grace (seconds a stage has to save) and commit (of the submission's
    code).
    """

    def __call__(self, store: str, keys: list[str], options: dict[str, Any]) -> None:
        """Run the stages; the process leaves with a status of its own unless all are done."""
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        commit = commit_of(Path(__file__).parent)
        if commit != options["commit"]:
            log.warning("Submitted with commit %s, runs commit %s", options["commit"], commit)
        processes = _Processes(Store(store), options)
        if processes.ranks.rank > 0:
            processes.follow()
            return
        try:
            status = _Job(Store(store), options, processes).run(keys)
        except SweepError as error:
            # Whoever reads the job's log wants the sentence; where it was said is no matter.
            log.error("%s", error)
            status = STORE_ERROR_CODE
        if status:
            # A job that raised inside its wrapper can pass for a success; this cannot.
            sys.exit(status)


class RunCommand(Checkpointable):
    """A command typed again by a job, which is this class's dotted path and plain values."""

    def __call__(self, command: list[str], folder: str, kept: list[str]) -> None:
        """Run it in `folder`, of SLURM's variables with `kept` only, as on the login node.

        The process leaves with the command's status where that tells of a mistake.
        """
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s: %(message)s")
        log.info("In %s: %s", folder, " ".join(command))
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in kept or not name.startswith(("SLURM_", "SUBMITIT_"))
        }
        status = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
        if status not in _FINE:
            sys.exit(status)


def end_path(store: Store, token: str, key: str) -> Path:
    """Where a job leaves word about a stage that it neither finished nor saw fail."""
    return store.path / "slurm" / token / f"ended-{key}.json"


class _Processes:
    """The processes of this job: one, or `tasks` on each of `nodes`, of which the first leads."""

    def __init__(self, store: Store, options: dict[str, Any]) -> None:
        self._store, self._options = store, options
        nodes, tasks = options["nodes"], options["tasks"]
        rank = int(os.environ.get("SLURM_PROCID", "0")) if nodes * tasks > 1 else 0
        self.ranks = Ranks(
            rank=rank,
            world=nodes * tasks,
            local_rank=rank % tasks,
            nodes=nodes,
            strategy=options["parallel"],
        )
        self._stage: Ranks | None = None
        job, restart = (os.environ.get(f"SLURM_{n}", "0") for n in ("JOB_ID", "RESTART_COUNT"))
        folder = store.path / "slurm" / options["token"]
        self._announcements = Announcements(folder, f"{job}-{restart}")

    def device(self, spec: dict[str, Any]) -> str:
        """Where this process runs a stage."""
        on_gpu = self._options["gpus"] and spec["cost"]["device"] == "any"
        return f"cuda:{self.ranks.local_rank}" if on_gpu else "cpu"

    def for_stage(self, spec: dict[str, Any]) -> Ranks | None:
        """Of the lead: who runs this stage; None for the lead alone."""
        # A specification of an older version does not say.
        rows, world = spec["cost"].get("splits", 1), self.ranks.world
        several = world > 1 and rows > 1 and rows % world == 0
        self._stage = self.ranks.meeting() if several else None
        return self._stage

    def started(self, lease: HeldLease) -> None:
        """Of the lead: have the others join the attempt that begins."""
        if self._stage is not None:
            attempt = announcement_of(self._store, lease.key, lease.generation, self._stage)
            self._announcements.tell(**attempt)

    def over(self) -> None:
        """Of the lead: let the others go."""
        if self.ranks.world > 1:
            self._announcements.tell()

    def follow(self) -> None:
        """Of the others: run what the lead announces until it says that all is over."""
        # What a signal means, the lead decides.
        for number in (signal.SIGUSR2, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        while announced := self._announcements.wait():
            spec = self._store.read_spec(announced["key"])
            log.info("Stage %s: process %d of %d", spec["key"], self.ranks.rank, self.ranks.world)
            follow(
                self._store,
                announced,
                self.ranks,
                device=self.device(spec),
                threads=self._options["threads"],
            )


class _Job:
    """Keeps two owners of signals apart: the stage saves first, then submitit requeues."""

    def __init__(self, store: Store, options: dict[str, Any], processes: _Processes) -> None:
        self._store = store
        self._options = options
        self._processes = processes
        self._stop = StopRequest()
        self._limit = threading.Event()
        self._lease: HeldLease | None = None
        self._requeue: Any = signal.getsignal(signal.SIGUSR2)

    def run(self, keys: list[str]) -> int:
        """The exit status: that of the first stage that is not done."""
        signal.signal(signal.SIGUSR2, self._cut_short)
        signal.signal(signal.SIGTERM, self._told_to_end)
        try:
            return self._run_all(keys)
        finally:
            self._processes.over()

    def _run_all(self, keys: list[str]) -> int:
        status = 0
        for key in keys:
            result = self._run_one(key)
            log.info("Stage %s: %s %s", key, result.state, result.reason)
            if result.state == "stopped":
                return self._leave(result)
            if result.state not in ("done", "failed"):
                self._note(result)
            status = status or EXIT_CODES[result.state]
        return status

    def _run_one(self, key: str) -> Result:
        device, ranks = "cpu", None
        # What is no specification does not run: `run_one` says so in a failure's record.
        with suppress(DamagedSpecificationError):
            spec = self._store.read_spec(key)
            device, ranks = self._processes.device(spec), self._processes.for_stage(spec)
        result = run_one(
            self._store,
            key,
            device=device,
            threads=self._options["threads"],
            lease_timeout=self._options["lease_timeout"],
            wait=True,
            stop=self._stop,
            on_start=self._started,
            ranks=ranks,
        )
        self._lease = None
        return result

    def _started(self, lease: HeldLease) -> None:
        self._lease = lease
        self._processes.started(lease)

    def _cut_short(self, number: int, frame: FrameType | None) -> None:
        """A time limit or a preemption comes near."""
        self._limit.set()
        self._stop.make()
        threading.Thread(target=self._end_deaf_stage, daemon=True).start()

    def _told_to_end(self, number: int, frame: FrameType | None) -> None:
        self._stop.make()

    def _leave(self, result: Result) -> int:
        """After saving: back into the queue, or wait to be killed."""
        if not self._limit.wait(_PATIENCE):
            return EXIT_CODES["stopped"]
        try:
            self._back_into_queue()
        except UncompletedJobError as error:
            self._fail(result.key, result.generation, str(error))
        return EXIT_CODES["failed"]

    def _back_into_queue(self) -> None:
        """submitit counts, requeues and leaves. Raises UncompletedJobError at the last time."""
        if not callable(self._requeue):
            raise UncompletedJobError("cut short, and not started by submitit.")
        self._requeue(signal.SIGUSR2, None)

    def _end_deaf_stage(self) -> None:
        """Requeue over the head of a stage that never asks whether it should stop."""
        lease = self._lease
        if lease is None or self._stop.noticed.wait(self._options["grace"]):
            return
        if self._lease is not lease:
            return
        log.warning("Stage %s does not answer the order to stop; its process ends.", lease.key)
        lease.release("stopped")
        try:
            self._back_into_queue()
        except UncompletedJobError as error:
            self._fail(lease.key, lease.generation, str(error))
        except SystemExit:
            pass
        os._exit(EXIT_CODES["failed"])

    def _fail(self, key: str, attempt: int, reason: str) -> None:
        remedy = "Raise slurm.max_requeues or slurm.time_minutes; the same command then goes on."
        spec = self._store.read_spec(key)
        self._store.write_failure(
            failure_record(self._store, spec, attempt, f"{reason} {remedy}", "limit")
        )

    def _note(self, result: Result) -> None:
        write_json(
            end_path(self._store, self._options["token"], result.key),
            {
                "schema": 1,
                "key": result.key,
                "state": result.state,
                "reason": result.reason,
                "job": os.environ.get("SLURM_JOB_ID"),
                "time": time.time(),
            },
        )
