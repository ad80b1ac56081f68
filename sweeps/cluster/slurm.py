"""Run a graph of stages on a SLURM cluster: arrays that wait for their parents' elements.

The store alone says what succeeded. The same command attaches to what is in the queue, tells
what died and why, and submits what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sweeps.cluster.advice import left_notice
from sweeps.cluster.environment import overridden, overridden_notice
from sweeps.cluster.job import end_path
from sweeps.cluster.queue import UNSEEN, Element, QueueError, need_commands, this_cluster
from sweeps.cluster.sightings import Lookout, Sighting
from sweeps.cluster.submit import (
    QueueFullError,
    Submission,
    options_given,
    submit,
    submit_decision,
)
from sweeps.cluster.units import Unit, arrays, bundle, make_units, resources_by_name
from sweeps.errors import RefusedError
from sweeps.graph import Graph
from sweeps.lease import read_lease
from sweeps.running.execute import failure_record
from sweeps.running.progress import FINAL, Board, Progress, default_progress
from sweeps.running.stage_queue import NOT_RETRIED, not_retried
from sweeps.search.decision import NAME as DECISION
from sweeps.search.decision import Decision
from sweeps.shapes import is_ending
from sweeps.store import DIED, Store, newest_failure, read_json

FIRST_POLL, LONGEST_POLL = 1.0, 30.0
"""Seconds between two looks at the queue: few after a change, then ever more."""
GIVEN_UP = "died"
"""The kind of a failure without a word that a search goes on from."""


def run_slurm(
    graph: Graph,
    store: Store,
    run: Mapping[str, Any],
    *,
    labels: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    then: Decision | None = None,
) -> int:
    """Submit what the graph's targets lack; with `run["wait"]` stay until all has an end.

    What a search does `then`, a job of its own does when the targets have ended, where
    `run["submit_from_jobs"]` says that it may.

    `run` holds the run's settings (sweeps/settings.py). Returns the exit status: 0 whole or
    submitted, 1 where a stage failed, 130 after Ctrl-C (the jobs go on). Raises SweepError when
    this is no cluster, a setting is impossible or SLURM refuses a job.
    """
    need_commands()
    store.prepare()
    cluster = _Cluster(graph, store, run, labels or {}, progress or default_progress())
    return cluster.run(then)


class _Cluster:
    """One command's view of the graph, of the store and of the queue."""

    def __init__(
        self,
        graph: Graph,
        store: Store,
        run: Mapping[str, Any],
        labels: Mapping[str, str],
        progress: Progress,
    ) -> None:
        self._resources = resources_by_name(run["slurm"], graph)
        self._run = run
        self._graph = graph
        self._store = store
        self._progress = progress
        self._board = Board(graph, labels=labels)
        self._needed = graph.needed(lambda stage: store.find(stage) is not None)
        for key in graph.stages:
            if key not in self._needed:
                self._board.set(key, "done")
        self._board.reused = frozenset(graph.stages) - frozenset(self._needed)
        self._known = {key: newest_failure(store, key) for key in self._needed}
        self._active: dict[str, tuple[str, Element]] = {}
        self._in_queue = 0
        self._decisions: set[str] = set()
        """Axes of searches that a job in the queue decides."""
        self._gives_up = False
        """Whether what died without a word has failed for the search that asks."""
        self._silent: set[tuple[str, int]] = set()
        self._noticed: set[str] = set()
        """What has been said already of jobs that wait or cannot be seen."""
        self._slurm = this_cluster()
        self._lookout = Lookout(store, self._slurm)
        self._left: list[str] = []
        self._awaited: set[str] = set()
        self._tokens: dict[str, str] = {}

    def run(self, then: Decision | None) -> int:
        """As run_slurm."""
        self._gives_up = then is not None and then.number <= self._run["search"]["settled"]
        self._progress.begin(self._board)
        try:
            for stage in self._needed.values():
                for one in (stage, *stage.inputs.values()):
                    self._store.write_spec(one)
            self._give_up_on_diverged()
            self._tell_what_is_overridden()
            self._look_at_queue(patient=False)
            mine = sum(key in self._active for key in self._needed)
            if mine:
                self._progress.say(f"In the queue already: {mine} stages.")
            if then is not None:
                self._leave_failed(then)
            self._submit_missing(self._needed)
            if self._run["wait"]:
                self._wait()
            elif then is not None:
                self._go_on_later(then)
        except RefusedError as error:
            error.begun = any(key in self._active for key in self._needed)
            raise
        except KeyboardInterrupt:
            self._progress.say(
                "The jobs go on. The same command attaches to them again; scancel ends them."
            )
            return 130
        finally:
            self._progress.end()
        ended = [state for state in self._board.states.values() if state in FINAL]
        return 0 if all(state == "done" for state in ended) else 1

    def _give_up_on_diverged(self) -> None:
        for key in self._needed:
            for record in self._store.failures(key):
                if record["kind"] in NOT_RETRIED and self._board.states[key] not in FINAL:
                    self._fail(key, not_retried(record))

    def _leave_failed(self, then: Decision) -> None:
        """What failed since the axis began has failed, also in a job of another command."""
        for key in self._needed:
            newest = newest_failure(self._store, key, but=DIED)
            if self._board.states[key] not in FINAL and newest > then.failures.get(key, -1):
                self._fail(key, self._store.failures(key)[-1]["error"])

    def _tell_what_is_overridden(self) -> None:
        found: dict[str, str] = {}
        for wanted in self._resources.values():
            found |= overridden(options_given(wanted))
        if notice := overridden_notice(found):
            self._progress.say(notice)

    def _submit_missing(self, among: Collection[str]) -> None:
        """What is neither finished nor failed nor in the queue, as far as `max_jobs` allows."""
        open_keys = [key for key in self._needed if self._board.states[key] not in FINAL]
        missing = [key for key in open_keys if key in among and key not in self._active]
        # A job that nobody sees cannot be waited for by another: what reads its stages stays.
        unseen = [key for key, (_, element) in self._active.items() if element.state == UNSEEN]
        behind = self._graph.descendants(*unseen).intersection(missing)
        missing = [key for key in missing if key not in behind]
        room = self._run["max_jobs"] - self._in_queue
        units = make_units(self._graph, missing, open_keys, self._resources)
        if len(units) > room:
            units = bundle(units, max(1, room))
        now, later = units[: max(0, room)], units[max(0, room) :]
        self._left = [key for unit in later for key in unit.keys]
        groups = arrays(now, self._slurm.largest_array) if now else []
        full: QueueFullError | None = None
        accepted = 0
        for group in groups:
            try:
                self._submit_array(group)
            except QueueFullError as error:
                if not self._in_queue:
                    raise
                full = error
                break
            accepted += 1
        sent = [unit for group in groups[:accepted] for unit in group]
        self._left += [key for group in groups[accepted:] for unit in group for key in unit.keys]
        if sent:
            count = sum(len(unit.keys) for unit in sent)
            self._progress.say(f"Submitted {count} stages: {len(sent)} jobs in {accepted} arrays.")
        self._tell_what_is_left(len(self._left), full)
        self._left += behind

    def _submit_array(self, group: list[Unit]) -> None:
        submission = submit(
            self._store,
            group,
            waits_for=[self._active[p][0] for p in group[0].parents if p in self._active],
            name="+".join(dict.fromkeys(self._graph[k].name for u in group for k in u.keys)),
            attempts=self._known,
            threads=self._run["threads"],
            lease_timeout=self._run["lease_timeout"],
            max_requeues=self._run["slurm"]["max_requeues"],
            parallel=self._run["parallel"],
            cluster=self._slurm.name,
        )
        assert submission.job is not None
        for index, unit in enumerate(group):
            name = submission.name(submission.job, index)
            pending = Element(job=submission.job, state="PENDING")
            self._active.update(dict.fromkeys(unit.keys, (name, pending)))
            self._tokens.update(dict.fromkeys(unit.keys, submission.token))
        self._in_queue += len(group)

    def _tell_what_is_left(self, count: int, full: QueueFullError | None) -> None:
        if count and (full is not None or not self._run["wait"]):
            reason = full.reason if full is not None else None
            in_queue = self._in_queue if full is not None else self._run["max_jobs"]
            self._notice(left_notice(count, in_queue, reason, waits=bool(self._run["wait"])))

    def _notice(self, text: str) -> None:
        """Say it once."""
        if text not in self._noticed:
            self._noticed.add(text)
            self._progress.say(text)

    def _go_on_later(self, then: Decision) -> None:
        """Have a job decide the axis, or say that the same command does."""
        # Where not all fits, the rest follows when anything has ended.
        among = self._needed if self._left else self._graph.targets
        waits_for = {self._active[key][0] for key in among if key in self._active}
        if not waits_for:
            return
        if then.about in self._decisions:
            self._progress.say(f"The job that decides this {then.what} is in the queue already.")
        elif self._run["submit_from_jobs"]:
            made = submit_decision(
                self._store,
                then,
                self._resources[DECISION],
                waits_for=waits_for,
                cluster=self._slurm.name,
            )
            self._progress.say(
                f"Job {made.job} decides this {then.what} when its scores are there, and submits "
                "the next."
            )
        else:
            self._progress.say(
                f"The next {then.what} waits for this one's scores. Run the same command again "
                "then."
            )

    def _look_at_queue(self, *, patient: bool) -> None:
        """One squeue call: what is active, what has ended, what died without a word.

        With `patient` a death counts when it is seen twice: a shared folder may show late what
        another host wrote. Raises QueueError.
        """
        look = self._lookout.look(self._settled)
        self._active, self._in_queue, self._decisions = {}, 0, set()
        still_open = {one.token: one.token in look.young for one in look.submissions}
        gone: list[Sighting] = []
        for sighting in look.sightings:
            if not sighting.active:
                gone.append(sighting)
                continue
            submission, element = sighting.submission, sighting.element
            assert element is not None
            still_open[submission.token] = True
            self._tell_of_waiting(sighting)
            if submission.decides is not None:
                # One that runs may find that something is missing, and have another wait.
                if element.state != "RUNNING":
                    self._decisions.add(submission.decides)
                continue
            self._in_queue += 1
            for key in sighting.keys:
                self._active[key] = (sighting.job, element)
                self._tokens[key] = submission.token
        self._bury(gone, still_open, patient)
        for submission in look.submissions:
            if not still_open[submission.token]:
                replace(submission, closed=True).write(self._store)

    def _settled(self, submission: Submission, key: str) -> bool:
        """Whether nobody need ask how the job of this stage ended."""
        return key in self._graph and self._heard(submission, key)

    def _tell_of_waiting(self, sighting: Sighting) -> None:
        """Why an element waits, where somebody must act; who submitted it, where it is unseen."""
        if sighting.submission.decides is None and not any(
            key in self._needed for key in sighting.keys
        ):
            return
        if notice := sighting.notice(self._store):
            self._notice(notice)

    def _bury(self, gone: list[Sighting], still_open: dict[str, bool], patient: bool) -> None:
        """Take the word that ended jobs left; for those that left none, take SLURM's."""
        for sighting in gone:
            submission, element = sighting.submission, sighting.element
            if submission.decides is not None:
                self._tell_of_decision(submission, element)
                continue
            if any(key not in self._graph for key in sighting.keys):
                # Of another sweep, whose own command tells how it went.
                still_open[submission.token] = True
                continue
            keys = [key for key in sighting.keys if not self._heard(submission, key)]
            if not keys or (element is not None and element.state == "COMPLETED" and not patient):
                continue
            at = (submission.token, sighting.index)
            if patient and at not in self._silent:
                self._silent.add(at)
                still_open[submission.token] = True
                continue
            self._died(sighting, keys[0])

    def _tell_of_decision(self, submission: Submission, element: Element | None) -> None:
        assert submission.job is not None
        if element is not None and element.state != "COMPLETED":
            self._progress.say(
                f"Job {submission.job}, which was to go on with {submission.decides}, ended: "
                f"{element.phrase()} (log: {submission.log(self._store, submission.job, 0)}). "
                "Where compute nodes may not submit, give submit_from_jobs=false."
            )

    def _heard(self, submission: Submission, key: str) -> bool:
        """Whether the store says how it went, or the stage is in the queue once more."""
        if key not in self._needed or key in self._active:
            return True
        if self._store.find(self._graph[key]) is not None:
            return True
        if newest_failure(self._store, key) > submission.attempts[key]:
            return True
        return end_path(self._store, submission.token, key).exists()

    def _died(self, sighting: Sighting, key: str) -> None:
        """`key`, the first stage of the element without an end, died with its job."""
        lease = read_lease(self._store, key)
        attempt = lease.generation if lease is not None else 0
        reason = sighting.ending(self._store, key, attempt)
        spec = self._store.read_spec(key)
        kind = GIVEN_UP if self._gives_up else DIED
        self._store.write_failure(failure_record(self._store, spec, attempt, reason, kind))
        self._progress.say(f"{self._board.label(key)}: {reason}")
        if key in self._awaited or self._gives_up:
            self._fail(key, reason)
        else:
            self._known[key] = newest_failure(self._store, key)

    def _fail(self, key: str, reason: str) -> None:
        self._board.set(key, "failed", reason)
        self._progress.changed(key)
        for after in self._graph.descendants(key):
            if after in self._needed and self._board.states[after] not in FINAL:
                self._board.set(after, "skipped", f"needs {self._board.label(key)}, which failed")
                self._progress.changed(after)

    def _wait(self) -> None:
        """Until every stage has an end; what did not fit is submitted as room comes."""
        pause = FIRST_POLL
        while True:
            self._awaited.update(self._active)
            before = dict(self._board.states)
            self._look_at_store()
            if self._board.states != before:
                pause = FIRST_POLL
            if self._left and self._in_queue < self._run["max_jobs"]:
                self._submit_missing(self._left)
            if all(state in FINAL for state in self._board.states.values()):
                return
            time.sleep(pause)
            pause = min(LONGEST_POLL, pause * 1.3)
            try:
                self._look_at_queue(patient=True)
            except QueueError as error:
                self._progress.say(f"{error} (asked again in {pause:.0f} s)")

    def _look_at_store(self) -> None:
        """What the stages themselves say: results, failures, heartbeats."""
        for key, stage in self._needed.items():
            if self._board.states[key] in FINAL:
                continue
            if self._store.find(stage) is not None:
                self._board.set(key, "done")
                self._progress.changed(key)
            elif newest_failure(self._store, key) > self._known[key]:
                self._fail(key, self._store.failures(key)[-1]["error"])
            elif key in self._tokens and (
                is_ending(word := read_json(end_path(self._store, self._tokens[key], key)))
            ):
                state = "skipped" if word["state"] == "skipped" else "stopped"
                self._board.set(key, state, word["reason"])
                self._progress.changed(key)
            elif key in self._active:
                self._look_at_beat(key)

    def _look_at_beat(self, key: str) -> None:
        lease = read_lease(self._store, key)
        running = lease is not None and not lease.released
        state = "running" if running and self._active[key][1].may_run else "waiting"
        if self._board.states[key] != state:
            self._board.set(key, state)
            self._progress.changed(key)
        shown = self._board.running.get(key)
        if shown is None or lease is None:
            return
        beat = dict(lease.beat)
        numbers = {n: v for n, v in beat.items() if n in ("loss", "tokens_per_second")}
        shown.update(time.monotonic(), beat.get("step", 0), beat.get("total", 0), numbers)
        self._progress.stepped(key)
