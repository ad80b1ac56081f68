"""What is left of a graph: what may start, what others hold, and what a stage's end means."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sweeps.lease import Watch
from sweeps.running.order import Order
from sweeps.running.progress import Board, Progress
from sweeps.stage import Stage
from sweeps.store import Store

NOT_RETRIED = frozenset({"diverged"})
"""Kinds of earlier failures that trying again would only repeat."""
_LOOK_SECONDS = 0.5


class StageQueue:
    """The unfinished stages of a board's graph, which it keeps up to date; nothing of processes."""

    def __init__(
        self, board: Board, store: Store, progress: Progress, lease_timeout: float
    ) -> None:
        self.needed = _survey(board, store)
        """Every stage that must run for the targets, by key."""
        self.open = set(self.needed)
        """Those that have no end yet."""
        self.known_failures: dict[str, int] = {}
        """The newest attempt of each that failed before it is tried here."""
        self._board, self._graph = board, board.graph
        self._store, self._progress = store, progress
        self._watch = Watch(store, lease_timeout)
        self._looked = float("-inf")
        self._dead: dict[str, int] = {}
        self._elsewhere: set[str] = set()
        self._order = Order(self._graph, self.needed)
        self._blockers = {
            key: sum(parent in self.needed for parent in self._graph.parents(key))
            for key in self.needed
        }
        self._ready = {key for key, count in self._blockers.items() if count == 0}

    def in_line(self) -> list[str]:
        """What may start now, the first one to start in front."""
        return self._order.line(self._ready)

    def begin(self, key: str) -> dict[str, int]:
        """Note that a stage starts; gives what its worker must know of earlier attempts."""
        self._order.begin(key, self._ready)
        self._ready.remove(key)
        self._board.set(key, "running")
        self._progress.changed(key)
        return {"dead": self._dead.pop(key, 0), "failures_known": self.known_failures[key]}

    def leave_elsewhere(self, key: str, who: str) -> None:
        """Another launcher has it: look for what becomes of it there."""
        self._order.put_back(key)
        self._board.set(key, "elsewhere", who)
        self._elsewhere.add(key)
        self._progress.changed(key)

    def try_again(self, key: str) -> None:
        """Put a stage back in line."""
        self._elsewhere.discard(key)
        self._order.put_back(key)
        self._board.set(key, "waiting")
        self._ready.add(key)

    def give_up_on_diverged(self) -> None:
        """Read the earlier failures, some of which stand."""
        for key in self.needed:
            records = self._store.failures(key)
            self.known_failures[key] = max((record["attempt"] for record in records), default=0)
            for record in records:
                if record["kind"] in NOT_RETRIED and key in self.open:
                    self.settle(key, "failed", not_retried(record))

    def settle(self, key: str, state: str, reason: str = "") -> None:
        """Note a stage's end, and what that means for the stages that need it."""
        self.open.discard(key)
        self._ready.discard(key)
        self._elsewhere.discard(key)
        self._order.end(key)
        self._board.set(key, state, reason)
        self._progress.changed(key)
        if state == "done":
            for child in self._graph.children(key):
                if child in self._blockers:
                    self._blockers[child] -= 1
                    if self._blockers[child] == 0 and child in self.open:
                        self._ready.add(child)
            return
        verb = "failed" if state == "failed" else "was skipped"
        cause = f"needs {self._board.label(key)}, which {verb}"
        for after in self._graph.descendants(key):
            if after in self.open:
                self.open.discard(after)
                self._order.end(after)
                self._board.set(after, "skipped", cause)
                self._progress.changed(after)

    def look_elsewhere(self) -> None:
        """Stages that other launchers hold: finished, failed, dead, or still beating."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        for key in list(self._elsewhere):
            known = self.known_failures[key]
            later = [one for one in self._store.failures(key) if one["attempt"] > known]
            if self._store.find(self._graph[key]) is not None:
                self.settle(key, "done")
            elif later:
                record = later[-1]
                log_file = self._store.path / record["log"]
                self.settle(key, "failed", f"{record['error']} (log: {log_file})")
            elif (dead := self._watch.dead(key)) is not None:
                self._dead[key] = dead
                self.try_again(key)


def not_retried(record: Mapping[str, Any]) -> str:
    """Why a failure stands, and what to type where it should not."""
    again = f"`python -m sweeps retry {record['key'][:8]}` lets it be tried again"
    return f"{record['error']} ({record['kind']}, so not retried; {again})"


def _survey(board: Board, store: Store) -> dict[str, Stage]:
    """Look what is there, clear what a kill after publishing left, write the rest's specs."""
    graph = board.graph
    finished = {key for key, stage in graph.stages.items() if store.find(stage)}
    needed = graph.needed(lambda stage: stage.key in finished)
    for key in graph.stages:
        if key in finished:
            store.clear_work(key)
        if key not in needed:
            # Also a stage that is missing but that nothing unfinished reads any more.
            board.set(key, "done")
    board.reused = frozenset(graph.stages) - frozenset(needed)
    for stage in needed.values():
        for one in (stage, *stage.inputs.values()):
            store.write_spec(one)
    return needed
