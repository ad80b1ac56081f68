"""One attempt at a stage by the workers of this machine that run it together; most need one."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sweeps.hardware.slots import Slot
from sweeps.running.execute import Result
from sweeps.running.process import WorkerProcess

GRACE_SECONDS = 10.0
"""How long the other workers may stay once one of them has ended."""


class Attempt:
    """Which workers still run a stage, and how it ended; a worker that dies ends the others too.

    The first worker leads: it holds the lease, saves and publishes.
    """

    def __init__(self, key: str, workers: list[WorkerProcess], strategy: str) -> None:
        self.key = key
        self.generation = 0
        """Of the lead's lease, once it holds one."""
        self.result: Result | None = None
        """What the lead reported."""
        self.failure = ""
        """Why another worker than the lead failed."""
        self.death = ""
        """Which process died by itself, and how."""
        self.concluded = False
        """Whether the scheduler has taken the result."""
        self._workers = workers
        self._strategy = strategy
        self._busy = list(workers)
        self._announced = False
        self._deadline = float("inf")
        for worker in workers:
            worker.busy = True

    @property
    def over(self) -> bool:
        """Whether no worker runs it any more."""
        return not self._busy

    def runs_on(self, worker: WorkerProcess) -> bool:
        """Whether this worker still runs it."""
        return worker in self._busy

    @property
    def several(self) -> bool:
        """Whether more than one process runs it."""
        return len(self._workers) > 1

    def start(self, *, device: str, dead: int, failures_known: int) -> None:
        """Have the lead begin; the other workers start once it holds the lease."""
        self._workers[0].send(
            command="run",
            key=self.key,
            device=device,
            dead=dead,
            failures_known=failures_known,
            ranks=self._ranks(0) if self.several else None,
        )

    def lead_began(self, generation: int, announcement: dict[str, Any] | None, device: str) -> None:
        """The lead holds the lease: have the other workers join."""
        self.generation = generation
        self._announced = True
        for rank, worker in enumerate(self._workers[1:], start=1):
            worker.send(
                command="follow", announcement=announcement, ranks=self._ranks(rank), device=device
            )

    def lead_ended(self, result: Result) -> None:
        """The lead has ended with this result."""
        self.result = result
        self._leave(self._workers[0])
        if not self._announced:
            # Nothing ran: the other workers were never started.
            for worker in list(self._busy):
                self._leave(worker)
        self._hurry()

    def follower_ended(self, worker: WorkerProcess, reason: str) -> None:
        """Another worker than the lead has ended; a `reason` is why it failed."""
        self._leave(worker)
        if reason:
            self.failure = self.failure or f"{self._name_of(worker)}: {reason}"
            self._hurry()

    def worker_died(self, worker: WorkerProcess, how: str) -> None:
        """A worker is gone: without it the other ones would wait for ever."""
        self._leave(worker)
        if self.result is not None and self.result.state == "done":
            return
        self.death = f"{self._name_of(worker)} {how}"
        self._kill()

    def kill_late(self) -> None:
        """Kill the workers that have not ended in time."""
        if time.monotonic() > self._deadline:
            self._kill()

    def outcome(self) -> Result:
        """The lead's result with another worker's failure; that alone where the lead was killed."""
        if self.result is None:
            return Result(
                key=self.key, state="failed", reason=self.failure, generation=self.generation
            )
        if self.result.state == "failed" and self.failure:
            return replace(self.result, reason=f"{self.result.reason}; {self.failure}")
        return self.result

    def _ranks(self, rank: int) -> dict[str, Any]:
        return {
            "rank": rank,
            "world": len(self._workers),
            "local_rank": rank,
            "nodes": 1,
            "strategy": self._strategy,
        }

    def _name_of(self, worker: WorkerProcess) -> str:
        if not self.several:
            return "its process"
        return f"its process {self._workers.index(worker)} of {len(self._workers)}"

    def _leave(self, worker: WorkerProcess) -> None:
        if worker in self._busy:
            self._busy.remove(worker)
            worker.busy = False

    def _hurry(self) -> None:
        self._deadline = min(self._deadline, time.monotonic() + GRACE_SECONDS)

    def _kill(self) -> None:
        for worker in list(self._busy):
            self._leave(worker)
            worker.process.kill()
            # Its lease can be taken over only once it is gone.
            worker.process.wait()


def choose_workers(
    workers: Iterable[WorkerProcess],
    slots: Iterable[Slot],
    *,
    wanted: str,
    gpus: bool,
    count: int,
) -> list[WorkerProcess | Slot] | None:
    """`count` free workers, or slots for new workers, that take such a stage; None if too few.

    Warm workers come first. Processes of one stage cannot share a GPU: no two have the same.
    """
    idle = (worker for worker in workers if not worker.busy and not worker.leaving)
    # A worker that its attempt has killed is not reaped yet.
    alive = (worker for worker in idle if worker.process.returncode is None)
    free = [worker for worker in alive if worker.slot.takes(wanted, gpus)]
    free.sort(key=lambda worker: not worker.warm)
    new = [slot for slot in slots if slot.takes(wanted, gpus)]
    places: list[tuple[WorkerProcess | Slot, Slot]] = [(worker, worker.slot) for worker in free]
    places += [(slot, slot) for slot in new]
    chosen: list[WorkerProcess | Slot] = []
    taken: set[str] = set()
    for place, slot in places:
        if slot.gpu in taken:
            continue
        if slot.gpu is not None:
            taken.add(slot.gpu)
        chosen.append(place)
        if len(chosen) == count:
            return chosen
    return None
