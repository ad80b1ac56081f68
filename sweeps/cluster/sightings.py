"""How each element of the open submissions stands, whoever submitted it and from wherever.

A job is found by the id in its submission.json; by the token in its comment or in its script's
path where the submitter died before it wrote the id. What cannot be seen is not dead: a job counts
as ended when SLURM says so, or when SLURM would still show it and does not.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sweeps.cluster.advice import for_ending, for_waiting, last_lines
from sweeps.cluster.queue import UNSEEN, Cluster, Element, queue, remembered
from sweeps.cluster.submit import Submission, mend, open_submissions
from sweeps.lease import running_lease
from sweeps.running.logs import LOG
from sweeps.store import Store

_SUBMITTER_SECONDS = 600.0
"""Age at which a submission that reached neither an id nor the queue has no living submitter."""


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One element of a submission."""

    submission: Submission
    index: int
    element: Element | None
    """None where SLURM has forgotten it."""

    @property
    def active(self) -> bool:
        """Whether it runs or will, as far as anybody can tell."""
        return self.element is not None and self.element.active

    @property
    def keys(self) -> tuple[str, ...]:
        """Its stages."""
        return self.submission.elements[self.index]

    @property
    def job(self) -> str:
        """What SLURM calls it."""
        assert self.submission.job is not None
        return self.submission.name(self.submission.job, self.index)

    def notice(self, store: Store) -> str | None:
        """What to say of one that is active where somebody must act, or nobody can see it."""
        element, submission = self.element, self.submission
        assert element is not None
        if element.state == UNSEEN:
            return (
                f"Job {submission.job} of {submission.user or 'another user'} cannot be seen from "
                f"here, and counts as in the queue: {element.reason}. If it is gone, remove "
                f"{submission.folder(store)} and run the same command again."
            )
        advice = for_waiting(element, str(submission.job))
        return f"Job {submission.job} waits: {element.phrase()}. {advice}" if advice else None

    def ending(self, store: Store, key: str, attempt: int) -> str:
        """How it ended without a word for its stage `key`: SLURM's word, its log's last lines."""
        assert self.submission.job is not None
        log_file = self.submission.log(store, self.submission.job, self.index)
        # Of several processes each has a log.
        errors = sorted(log_file.parent.glob(f"{self.job}_*_log.err"))
        last = last_lines([*errors, log_file.with_suffix(".out"), store.work(key, attempt) / LOG])
        state = self.element.phrase() if self.element is not None else "SLURM has forgotten it"
        sentences = [
            f"job {self.job} ended without a word: {state}",
            f"Its log ends: {' / '.join(last)}" if last else "",
            for_ending(self.element.state) if self.element is not None else "",
        ]
        return ". ".join(one.rstrip(".") for one in sentences if one) + f" (log: {log_file})"


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look at the queue shows."""

    submissions: tuple[Submission, ...]
    """Every open one."""
    sightings: tuple[Sighting, ...]
    """Of those that have an id."""
    young: frozenset[str] = frozenset()
    """Tokens of those without an id, whose submitter may still be at it."""


@dataclass
class Lookout:
    """Looks at the queue for one store."""

    store: Store
    cluster: Cluster
    uid: int = field(default_factory=os.getuid)

    def look(self, settled: Callable[[Submission, str], bool]) -> Look:
        """One squeue call, and one sacct call for what it does not list.

        `settled` says of a stage that its end is known, so that nobody need ask for its job.
        Raises QueueError.
        """
        submissions = open_submissions(self.store)
        if not submissions:
            return Look(submissions=(), sightings=())
        jobs = [one.job for one in submissions if one.job is not None]
        everything = len(jobs) < len(submissions)
        listed = queue(None if everything else jobs)
        by_token = {one.token: one.job for one in listed.values() if one.token is not None}
        young: set[str] = set()
        found: list[Sighting] = []
        for place, submission in enumerate(submissions):
            if submission.job is None:
                if submission.token not in by_token:
                    if time.time() - submission.created < _SUBMITTER_SECONDS:
                        young.add(submission.token)
                    continue
                submission = mend(self.store, submission, by_token[submission.token])
                submissions[place] = submission
            assert submission.job is not None
            for index in range(len(submission.elements)):
                together = listed.get((submission.job, None))
                element = listed.get((submission.job, index), together)
                if element is not None and not _is_of(element, submission):
                    element = None
                found.append(Sighting(submission=submission, index=index, element=element))
        return Look(
            submissions=tuple(submissions),
            sightings=tuple(self._absent(found, settled)),
            young=frozenset(young),
        )

    def hidden(self, submission: Submission) -> str | None:
        """Why a job of this submission may be in the queue and yet not be seen; else None."""
        theirs, ours = submission.cluster, self.cluster.name
        if theirs is not None and ours is not None and theirs != ours:
            return f"it is a job of cluster {theirs}"
        if self.cluster.private and self.uid != 0 and submission.uid != self.uid:
            return "this cluster shows nobody another's jobs"
        if time.time() - submission.created < self.cluster.kept_seconds:
            return "SLURM forgets no job so soon"
        return None

    def _absent(
        self, found: list[Sighting], settled: Callable[[Submission, str], bool]
    ) -> list[Sighting]:
        """The same, with what else tells of those that squeue does not list."""
        unknown = {
            one.job: one for one in found if one.element is None and not self._over(one, settled)
        }
        if not unknown:
            return found
        accounts = remembered(str(one.submission.job) for one in unknown.values())
        return [
            replace(one, element=self._unlisted(one, accounts.get(one.job)))
            if one.job in unknown
            else one
            for one in found
        ]

    @staticmethod
    def _over(sighting: Sighting, settled: Callable[[Submission, str], bool]) -> bool:
        keys = sighting.keys
        return bool(keys) and all(settled(sighting.submission, key) for key in keys)

    def _unlisted(self, sighting: Sighting, account: Element | None) -> Element | None:
        """What is known of an element that squeue does not list."""
        # Accounts may show for ever as running what slurmctld has lost.
        if account is not None and not account.active:
            return account
        if any(running_lease(self.store, key) is not None for key in sighting.keys):
            reason = "a stage of it runs"
        elif (why := self.hidden(sighting.submission)) is not None:
            reason = why
        else:
            return None
        return Element(job=str(sighting.submission.job), state=UNSEEN, reason=reason)


def _is_of(element: Element, submission: Submission) -> bool:
    """Whether the job that has the id today is the one that had it at the submission."""
    if element.token is not None:
        return element.token == submission.token
    return not submission.title or element.name == submission.title
