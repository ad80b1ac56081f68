"""The workers of this machine that run one stage together, the lead first; most stages take one."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sweeps.hardware.slots import Slot
from sweeps.running.execute import Result
from sweeps.running.process import WorkerProcess

GRACE_SECONDS = 10.0
"""What the others have to leave in, once one of them did."""


class Crew:
    """Who is still at a stage, and what became of it; one that dies takes the others with it."""

    def __init__(self, key: str, workers: list[WorkerProcess], strategy: str) -> None:
        self.key = key
        self.generation = 0
        """The attempt, once it has begun."""
        self.result: Result | None = None
        """What the lead told."""
        self.failure = ""
        """What another than the lead told of its own failure."""
        self.death = ""
        """How a process died by itself."""
        self.concluded = False
        """Whether what became of the stage was taken."""
        self._workers = workers
        self._strategy = strategy
        self._busy = list(workers)
        self._announced = False
        self._deadline = float("inf")
        for worker in workers:
            worker.crew = self

    @property
    def over(self) -> bool:
        """Whether nobody is at it any more."""
        return not self._busy

    @property
    def several(self) -> bool:
        """Whether it is more than one process."""
        return len(self._workers) > 1

    def start(self, *, device: str, dead: int, failures_known: int) -> None:
        """Have the lead begin; the others wait for its word."""
        self._workers[0].send(
            command="run",
            key=self.key,
            device=device,
            dead=dead,
            failures_known=failures_known,
            ranks=self._ranks(0) if self.several else None,
        )

    def begun(self, generation: int, told: dict[str, Any] | None, device: str) -> None:
        """The lead holds the lease: have the others join."""
        self.generation = generation
        self._announced = True
        for rank, worker in enumerate(self._workers[1:], start=1):
            worker.send(command="follow", told=told, ranks=self._ranks(rank), device=device)

    def ended(self, result: Result) -> None:
        """The lead is through with it."""
        self.result = result
        self._leave(self._workers[0])
        if not self._announced:
            # Nothing ran: the others were never called.
            for worker in list(self._busy):
                self._leave(worker)
        self._hurry()

    def followed(self, worker: WorkerProcess, reason: str) -> None:
        """Another than the lead is through with it; a `reason` is why it failed."""
        self._leave(worker)
        if reason:
            self.failure = self.failure or f"{self._called(worker)}: {reason}"
            self._hurry()

    def died(self, worker: WorkerProcess, how: str) -> None:
        """One of them is gone: without it the others would wait for ever."""
        self._leave(worker)
        if self.result is not None and self.result.state == "done":
            return
        self.death = f"{self._called(worker)} {how}"
        self._kill()

    def end_late(self) -> None:
        """Kill who has not left in time."""
        if time.monotonic() > self._deadline:
            self._kill()

    def told(self) -> Result:
        """The lead's result with the others' failure; theirs alone where the lead was killed."""
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

    def _called(self, worker: WorkerProcess) -> str:
        if not self.several:
            return "its process"
        return f"its process {self._workers.index(worker)} of {len(self._workers)}"

    def _leave(self, worker: WorkerProcess) -> None:
        if worker in self._busy:
            self._busy.remove(worker)
            worker.crew = None

    def _hurry(self) -> None:
        self._deadline = min(self._deadline, time.monotonic() + GRACE_SECONDS)

    def _kill(self) -> None:
        for worker in list(self._busy):
            self._leave(worker)
            worker.process.kill()
            # Its lease can be taken over only once it is gone.
            worker.process.wait()


def muster(
    workers: Iterable[WorkerProcess],
    slots: Iterable[Slot],
    *,
    wanted: str,
    gpus: bool,
    count: int,
) -> list[WorkerProcess | Slot] | None:
    """So many free workers, or slots for new ones, that take such a stage; None if there are not.

    Warm workers come first; no two are of one GPU, which processes of a stage cannot share.
    """
    idle = (worker for worker in workers if worker.crew is None)
    # One that was killed with its crew is not buried yet.
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
