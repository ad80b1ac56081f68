"""Run a graph of stages on this machine: a worker process a slot, scores as early as can be."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sweeps.errors import ConfigurationError, StoreError, SweepError
from sweeps.graph import Graph
from sweeps.hardware.gpus import idle_gpus
from sweeps.hardware.room import Together, check_disk
from sweeps.hardware.sharing import unshared
from sweeps.hardware.slots import Slot, find_slots, most_together
from sweeps.lease import DEFAULT_TIMEOUT, read_lease
from sweeps.running.attempt import Attempt, choose_workers
from sweeps.running.execute import Result, failure_record
from sweeps.running.filling import Filling
from sweeps.running.interrupts import interrupts
from sweeps.running.logs import LOG
from sweeps.running.process import WorkerProcess
from sweeps.running.progress import Board, NoProgress, Progress, default_progress
from sweeps.running.stage_queue import StageQueue
from sweeps.stage import split_run
from sweeps.store import Store, newest_failure

MAX_DEATHS = 2
"""Workers that may die under one stage before it counts as failed."""
MOST_KEPT = 900 * 2**20
"""Bytes that a worker may keep between two stages, the gaps of its heap among them: with more, a
new one takes its place. Both grow with every kind of stage that it has run, and a stage fills the
gaps that earlier ones left (benchmarks/README.md)."""
_TICK_SECONDS = 0.5
_EXIT_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended, stage by stage."""

    states: Mapping[str, str]
    """done, failed, skipped (something it needs failed), stopped, not begun, elsewhere; by key."""
    reasons: Mapping[str, str]
    """Of failed and skipped stages."""
    ran: frozenset[str]
    """Stages that this run brought to an end itself."""
    interrupted: bool

    @property
    def status(self) -> int:
        """The exit status: 0 whole, 1 where a stage failed, 130 after Ctrl-C."""
        if self.interrupted:
            return 130
        return 0 if all(state == "done" for state in self.states.values()) else 1


def run_local(
    graph: Graph,
    store: Store,
    *,
    slots: int | None = None,
    threads: int | None = None,
    slots_per_gpu: int = 1,
    workers_per_stage: int = 1,
    parallel: str = "ddp",
    progress: Progress | bool = True,
    lease_timeout: float = DEFAULT_TIMEOUT,
    labels: Mapping[str, str] | None = None,
    cells: Iterable[Iterable[str]] = (),
    filling: Filling | None = None,
) -> Outcome:
    """Bring the graph's targets into the store, each stage once, and wait for it.

    `slots` and `threads` are chosen from the machine when None. A stage that several processes
    can share takes `workers_per_stage` slots, and `parallel` says how they share it. `labels`
    names stages by key for the screen; `cells` are the keys of each cell, to count whole ones;
    `filling` shows the scores that are there. A stage that fails stops only what needs it. Raises
    ConfigurationError when so many workers cannot share a stage, StoreError when the store cannot
    be used, SweepError when no worker starts; the last two after the workers have stopped.
    """
    if isinstance(progress, bool):
        progress = default_progress() if progress else NoProgress()
    store.prepare()
    board = Board(graph, labels=labels, cells=cells, filling=filling)
    places = find_slots(slots, threads, slots_per_gpu)
    targets = [graph[key] for key in graph.targets]
    asked = {"workers_per_stage": workers_per_stage, "parallel": parallel}
    complaints = unshared(targets, store, asked, cluster=False)
    if workers_per_stage > most_together(places):
        complaints.append(
            f"workers_per_stage={workers_per_stage}: there are places for "
            f"{most_together(places)} workers of one stage."
        )
    if complaints:
        raise ConfigurationError(complaints)
    team = workers_per_stage, parallel
    return _Scheduler(board, store, places, progress, lease_timeout, team).run()


class _Scheduler:
    """One run: what is in line goes to free slots, what comes back changes the queue."""

    def __init__(
        self,
        board: Board,
        store: Store,
        slots: list[Slot],
        progress: Progress,
        lease_timeout: float,
        team: tuple[int, str],
    ) -> None:
        self._workers_per_stage, self._parallel = team
        self._board = board
        self._graph = board.graph
        self._store = store
        self._progress = progress
        self._lease_timeout = lease_timeout
        self._gpus = any(slot.gpu is not None for slot in slots)
        self._free_slots = list(slots)
        self._together = Together(self._memory_of, progress.say)
        self._workers: list[WorkerProcess] = []
        self._attempts: list[Attempt] = []
        self._in_wait: str | None = None
        """The stage that waits for several places, or for memory."""
        self._deaths: Counter[str] = Counter()
        self._ran: set[str] = set()
        self._interrupts = 0
        self._told_to_stop = False
        self._fatal: SweepError | None = None
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._queue = StageQueue(board, store, progress, lease_timeout)

    def run(self) -> Outcome:
        """Until every needed stage has an end, or the user or the store stops us."""
        self._progress.begin(self._board)
        try:
            with interrupts(self._interrupted):
                self._queue.give_up_on_diverged()
                if self._queue.open:
                    todo = [self._queue.needed[key] for key in self._queue.open]
                    check_disk(self._store, todo, self._progress.say)
                    if any(stage.cost.device == "any" for stage in todo) and (idle := idle_gpus()):
                        self._progress.say(idle)
                    self._start_workers()
                while self._going_on():
                    self._queue.look_elsewhere()
                    self._dispatch()
                    self._wait()
        finally:
            self._shut_down()
            for key in self._queue.open:
                state = self._board.states[key]
                ended = {"running": "stopped", "waiting": "not begun"}.get(state, state)
                self._board.set(key, ended)
            self._progress.end()
        if self._fatal is not None:
            raise self._fatal
        return Outcome(
            states=dict(self._board.states),
            reasons=dict(self._board.reasons),
            ran=frozenset(self._ran),
            interrupted=self._interrupts > 0,
        )

    def _start_workers(self) -> None:
        """All at once, so that they import what the stages need while the first ones run.

        No more than will have memory for a stage each; another starts when a stage has room for it.
        """
        most = max(self._together.most(self._queue.open), self._workers_per_stage)
        wanted: Counter[str] = Counter()
        for key in self._queue.open:
            wanted[self._graph[key].cost.device] += self._size(key)
        for slot in list(self._free_slots):
            kinds = [kind for kind in wanted if wanted[kind] and slot.takes(kind, self._gpus)]
            if kinds and len(self._workers) + 1 <= most:
                wanted[kinds[0]] -= 1
                self._start_worker(slot)

    def _start_worker(self, slot: Slot) -> WorkerProcess:
        self._free_slots.remove(slot)
        worker = WorkerProcess(slot, self._store, self._lease_timeout)
        self._workers.append(worker)
        self._selector.register(worker.replies, selectors.EVENT_READ, worker)
        return worker

    def _going_on(self) -> bool:
        if self._interrupts or self._fatal is not None:
            if not self._told_to_stop:
                self._tell_all_to_stop()
            return any(worker.busy for worker in self._workers)
        return bool(self._queue.open)

    def _size(self, key: str) -> int:
        """How many workers run a stage."""
        return self._workers_per_stage if self._graph[key].cost.splits > 1 else 1

    def _dispatch(self) -> None:
        if self._interrupts or self._fatal is not None:
            return
        if not self._free_slots and all(worker.busy for worker in self._workers):
            return
        kept: set[str] = set()
        # What waits for room stays in front until it has it, however many small stages come.
        line = sorted(self._queue.in_line(), key=lambda key: key != self._in_wait)
        self._in_wait = None
        for key in line:
            wanted = self._graph[key].cost.device
            if wanted in kept or (kept and not self._gpus):
                # A stage before it in line waits for several of these places, or for memory.
                continue
            running = {attempt.key for attempt in self._running()}
            if not self._together.fits(key, running, self._board.label(key)):
                self._keep_places(key, kept)
                continue
            places = choose_workers(
                self._workers,
                self._free_slots,
                wanted=wanted,
                gpus=self._gpus,
                count=self._size(key),
            )
            if places is None:
                if self._size(key) > 1:
                    self._keep_places(key, kept)
                continue
            workers = [self._start_worker(p) if isinstance(p, Slot) else p for p in places]
            device = self._device(key, workers[0])
            attempt = Attempt(key, workers, self._parallel)
            self._attempts.append(attempt)
            attempt.start(device=device, **self._queue.begin(key))

    def _keep_places(self, key: str, kept: set[str]) -> None:
        """Have the stages behind this one in line leave it the places that become free."""
        kept.add(self._graph[key].cost.device)
        self._in_wait = self._in_wait or key

    def _running(self) -> list[Attempt]:
        """The attempts at which a worker still works."""
        self._attempts = [attempt for attempt in self._attempts if not attempt.over]
        return self._attempts

    def _attempt_of(self, worker: WorkerProcess) -> Attempt | None:
        return next((a for a in self._attempts if a.runs_on(worker)), None)

    def _memory_of(self, key: str) -> float:
        """What a stage takes of this machine's memory; on a GPU it has that one's."""
        cost = self._graph[key].cost
        on_gpu = self._gpus and cost.device == "any"
        return 0.0 if on_gpu else cost.memory_bytes * self._size(key)

    def _device(self, key: str, worker: WorkerProcess) -> str:
        return worker.slot.device if self._graph[key].cost.device == "any" else "cpu"

    def _wait(self) -> None:
        for ready, _ in self._selector.select(_TICK_SECONDS):
            if ready.data is None:
                os.read(self._wake_read, 1024)
                continue
            worker: WorkerProcess = ready.data
            messages, alive = worker.read()
            for message in messages:
                self._hear(worker, message)
            if not alive:
                self._bury(worker)
        for worker in list(self._workers):
            # A child that the stage forked may hold the pipe open after the worker's death.
            if worker.process.poll() is not None and not self._has_news(worker):
                self._bury(worker)
            elif time.monotonic() > worker.leaves_by:
                # A thread of the study holds it up.
                worker.process.kill()
        for attempt in self._running():
            attempt.kill_late()
            self._conclude(attempt)

    def _has_news(self, worker: WorkerProcess) -> bool:
        return any(ready.data is worker for ready, _ in self._selector.select(0))

    def _hear(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        event, attempt = message.pop("event"), self._attempt_of(worker)
        if event == "ready":
            worker.ready = True
            modules = dict.fromkeys(
                split_run(stage.run)[0] for stage in self._queue.needed.values()
            )
            worker.send(command="preload", modules=list(modules))
        elif event == "warm":
            worker.warm = True
        elif event == "started" and attempt is not None:
            device = self._device(attempt.key, worker)
            attempt.lead_began(message["generation"], message["announcement"], device)
        elif event == "progress":
            running = self._board.running.get(message["key"])
            if running is not None:
                running.update(
                    time.monotonic(), message["step"], message["total"], message["numbers"]
                )
                self._progress.stepped(message["key"])
        elif event == "result" and attempt is not None:
            kept = message.pop("kept")
            attempt.lead_ended(Result(**message))
            self._conclude(attempt)
            # What a process on a GPU keeps is the driver's, and another one would have it again.
            if kept > MOST_KEPT and worker.slot.gpu is None and not attempt.several:
                worker.let_go(_EXIT_SECONDS)
        elif event == "followed" and attempt is not None:
            attempt.follower_ended(worker, message["reason"])
            self._conclude(attempt)
        elif event == "store_error" and attempt is not None:
            attempt.lead_ended(Result(key=attempt.key, state="stopped"))
            self._fatal = self._fatal or StoreError(message["message"])

    def _conclude(self, attempt: Attempt) -> None:
        """Take how an attempt ended, once: success at once, all else when no worker runs it."""
        result = attempt.outcome()
        if attempt.concluded or not (attempt.over or result.state == "done"):
            return
        attempt.concluded = True
        if result.state == "done":
            self._take(result)
        elif self._store.find(self._graph[attempt.key]) is not None:
            # What broke here, broke after it was finished, here or by another holder.
            self._take(Result(key=attempt.key, state="done"))
        elif attempt.death:
            if not self._interrupts and self._fatal is None:
                self._after_death(attempt)
        else:
            if attempt.failure and result.state == "failed":
                self._note(attempt, result.reason, "error")
            self._take(result)

    def _note(self, attempt: Attempt, reason: str, kind: str) -> None:
        """Have the store say why a stage failed, which its lead may not know."""
        spec = self._graph[attempt.key].spec()
        record = failure_record(self._store, spec, attempt.generation, reason, kind)
        try:
            self._store.write_failure(record, instead=attempt.several)
        except StoreError as error:
            self._fatal = error

    def _take(self, result: Result) -> None:
        key = result.key
        if result.generation and result.state in ("done", "failed"):
            self._ran.add(key)
        if result.state == "done":
            self._queue.settle(key, "done")
        elif result.state == "failed":
            log_file = self._store.work(key, result.generation) / LOG
            self._queue.settle(key, "failed", f"{result.reason} (log: {log_file})")
        elif result.state == "skipped":
            self._queue.settle(key, "skipped", result.reason)
        elif result.state == "stopped":
            # Without a Ctrl-C here somebody sent the worker a signal of its own.
            self._interrupts = self._interrupts or 1
        else:
            self._queue.leave_elsewhere(key, result.reason)

    def _bury(self, worker: WorkerProcess) -> None:
        """A worker is gone: its slot is free, and its stage tried again or given up."""
        self._workers.remove(worker)
        self._selector.unregister(worker.replies)
        self._free_slots.append(worker.slot)
        how, last_words, attempt = (
            worker.how_it_died(),
            worker.last_words(),
            self._attempt_of(worker),
        )
        worker.close()
        if attempt is not None:
            attempt.worker_died(worker, how)
        if self._interrupts or self._fatal is not None:
            return
        if not worker.ready and worker.process.returncode >= 0:
            self._fatal = SweepError(f"A worker process does not start: it {how}: {last_words}")
        elif attempt is not None:
            self._conclude(attempt)

    def _after_death(self, attempt: Attempt) -> None:
        key = attempt.key
        self._deaths[key] += 1
        if self._deaths[key] < MAX_DEATHS:
            self._progress.say(f"{self._board.label(key)}: {attempt.death}; trying once more.")
            # What a lead said that lost another process is no answer.
            self._queue.known_failures[key] = newest_failure(self._store, key)
            self._queue.try_again(key)
            return
        if not attempt.generation:
            lease = read_lease(self._store, key)
            attempt.generation = lease.generation if lease is not None else 1
        reason = f"{attempt.death}, {MAX_DEATHS} times"
        self._note(attempt, reason, "killed")
        if self._fatal is None:
            self._take(
                Result(key=key, state="failed", reason=reason, generation=attempt.generation)
            )

    def _tell_all_to_stop(self) -> None:
        self._told_to_stop = True
        busy = len(self._running())
        if busy:
            what = "1 stage saves" if busy == 1 else f"{busy} stages save"
            self._progress.say(f"Stopping: {what}. Ctrl-C again kills. The same command goes on.")
        for worker in self._workers:
            worker.send(command="stop")

    def _interrupted(self) -> None:
        self._interrupts += 1
        if self._interrupts > 1:
            for worker in list(self._workers):
                worker.process.kill()
        with suppress(BlockingIOError):
            os.write(self._wake_write, b"!")

    def _shut_down(self) -> None:
        for worker in self._workers:
            worker.send(command="stop")
            worker.send(command="exit")
        deadline = time.monotonic() + _EXIT_SECONDS
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                # It imports something, or waits for a thread of the study: it holds no lease.
                worker.process.kill()
            worker.close()
        self._workers.clear()
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
