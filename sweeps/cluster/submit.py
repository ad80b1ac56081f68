"""Arrays on their way to SLURM: written down before sbatch, so that a kill in between is mended."""

from __future__ import annotations

import io
import logging
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import submitit
from submitit.core.utils import DelayedSubmission, FailedJobError, FailedSubmissionError, JobPaths

from sweeps.cluster.advice import for_refusal, is_submit_limit
from sweeps.cluster.environment import carried, client_names, for_sbatch, user_name
from sweeps.cluster.job import RunCommand, RunStages
from sweeps.cluster.queue import COMMENT
from sweeps.cluster.units import Resources, Unit
from sweeps.errors import RefusedError
from sweeps.files import replacing
from sweeps.hardware.slots import THREAD_VARIABLES
from sweeps.running.code import commit_of
from sweeps.search.decision import NAME as DECISION
from sweeps.search.decision import Decision
from sweeps.shapes import is_submission
from sweeps.store import Store, read_json, write_json

FOLDER = "slurm"
_RECORD = "submission.json"
_SIGNAL_SECONDS = 90
"""Before a limit, SLURM's warning; the stage saves in two thirds of it."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One array: `store/slurm/<token>/submission.json`."""

    token: str
    elements: tuple[tuple[str, ...], ...]
    """Keys of each element."""
    attempts: Mapping[str, int]
    """The newest attempt at each stage before it was submitted."""
    options: Mapping[str, Any]
    """What each job is told (sweeps/cluster/job.py)."""
    time_minutes: int
    max_requeues: int
    created: float
    decides: str | None = None
    """Of a job that goes on with a search: its Decision's `about`; it has no stages."""
    job: str | None = None
    """SLURM's id; None until sbatch has answered."""
    title: str = ""
    """The job's name."""
    uid: int | None = None
    user: str = ""
    """Who submitted it."""
    cluster: str | None = None
    """SLURM's name of where it was submitted."""
    closed: bool = False
    """Nothing of it is in the queue any more, and what died has been told."""

    def name(self, job: str, index: int) -> str:
        """What SLURM calls an element."""
        return job if len(self.elements) == 1 else f"{job}_{index}"

    def folder(self, store: Store) -> Path:
        """Its scripts, pickles and logs."""
        return store.path / FOLDER / self.token

    def log(self, store: Store, job: str, index: int) -> Path:
        """What one element prints outside of its stages."""
        return JobPaths(self.folder(store), job_id=self.name(job, index)).stderr

    def write(self, store: Store) -> None:
        """Put it down for the next command."""
        write_json(self.folder(store) / _RECORD, {"schema": 1, **asdict(self)})


_FIELDS = frozenset(field.name for field in fields(Submission))


class QueueFullError(RefusedError):
    """SLURM takes no more jobs of this user now; it does when some have ended."""

    def __init__(self, name: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"SLURM refused {name}: {reason}. So many jobs of yours are in the queue already, of "
            "this or of other work, that it takes no more: wait until some have ended, or lower "
            "max_jobs, then run the same command again."
        )


def options_given(wanted: Resources) -> set[str]:
    """The long options of sbatch that a script for these resources sets."""
    chosen = {
        "mem": wanted.memory_gb,
        "partition": wanted.partition,
        "account": wanted.account,
        "qos": wanted.qos,
        "constraint": wanted.constraint,
        "nodelist": wanted.nodelist,
        "exclude": wanted.exclude,
        "gpus-per-node": wanted.gpus or None,
    }
    return {name for name, value in chosen.items() if value is not None} | dict(wanted.extra).keys()


def open_submissions(store: Store) -> list[Submission]:
    """Those that may have something in the queue, oldest first."""
    found = []
    for path in (store.path / FOLDER).glob(f"*/{_RECORD}"):
        content = read_json(path)
        if content is not None and content.get("closed") is True:
            continue
        if not is_submission(content):
            log.warning(
                "%s cannot be read: what it submitted is not seen here. If jobs of it are in the "
                "queue, cancel them (scancel), then remove its folder.",
                path,
            )
            continue
        known = {name: value for name, value in content.items() if name in _FIELDS}
        elements = tuple(tuple(keys) for keys in known.pop("elements"))
        found.append(Submission(elements=elements, **known))
    return sorted(found, key=lambda one: one.created)


def submit(
    store: Store,
    units: list[Unit],
    *,
    waits_for: Iterable[str],
    name: str,
    attempts: Mapping[str, int],
    threads: int | None,
    lease_timeout: float,
    max_requeues: int,
    parallel: str,
    cluster: str | None = None,
) -> Submission:
    """One array of units that share parents and resources.

    RefusedError says why SLURM refused, QueueFullError that it only takes no more now.
    """
    wanted = units[0].resources
    notice = max(1, min(_SIGNAL_SECONDS, wanted.time_minutes * 60 // 4))
    submission = Submission(
        token=secrets.token_hex(8),
        elements=tuple(unit.keys for unit in units),
        attempts={key: attempts[key] for unit in units for key in unit.keys},
        options={
            "threads": threads or wanted.cpus_per_task,
            "gpus": wanted.gpus,
            "nodes": wanted.nodes,
            "tasks": wanted.tasks,
            "parallel": parallel,
            "lease_timeout": lease_timeout,
            "grace": notice * 2 / 3,
            "commit": commit_of(Path(__file__).parent),
        },
        time_minutes=wanted.time_minutes,
        max_requeues=max_requeues,
        created=time.time(),
        title=name,
        uid=os.getuid(),
        user=user_name(),
        cluster=cluster,
    )
    return _send(store, submission, wanted, waits_for=waits_for, notice=notice)


def submit_decision(
    store: Store,
    decision: Decision,
    wanted: Resources,
    *,
    waits_for: Iterable[str],
    cluster: str | None = None,
) -> Submission:
    """The job that goes on with a search once `waits_for` have ended, however they did."""
    submission = Submission(
        token=secrets.token_hex(8),
        elements=((),),
        attempts={},
        options={
            "command": list(decision.command),
            "folder": decision.folder,
            "kept": client_names(),
            "threads": wanted.cpus_per_task,
        },
        time_minutes=wanted.time_minutes,
        max_requeues=0,
        created=time.time(),
        decides=decision.about,
        title=DECISION,
        uid=os.getuid(),
        user=user_name(),
        cluster=cluster,
    )
    return _send(store, submission, wanted, waits_for=waits_for, notice=1)


def _send(
    store: Store,
    submission: Submission,
    wanted: Resources,
    *,
    waits_for: Iterable[str],
    notice: int,
) -> Submission:
    """Write it down, call sbatch, write its id down."""
    submission.write(store)
    dependency = ":".join(sorted(set(waits_for)))
    folder = submission.folder(store)
    executor = submitit.AutoExecutor(
        folder, cluster="slurm", slurm_max_num_timeout=submission.max_requeues
    )
    parameters = {
        "mem_gb": wanted.memory_gb,
        "gpus_per_node": wanted.gpus or None,
        "slurm_partition": wanted.partition,
        "slurm_account": wanted.account,
        "slurm_qos": wanted.qos,
        "slurm_constraint": wanted.constraint,
        "slurm_nodelist": wanted.nodelist,
        "slurm_exclude": wanted.exclude,
    }
    executor.update_parameters(
        name=submission.title,
        timeout_min=wanted.time_minutes,
        nodes=wanted.nodes,
        tasks_per_node=wanted.tasks,
        cpus_per_task=wanted.cpus_per_task,
        slurm_comment=" ".join(filter(None, (wanted.comment, COMMENT + submission.token))),
        slurm_array_parallelism=len(submission.elements),
        slurm_signal_delay_s=notice,
        # One process of several that dies must not leave the others waiting for it.
        slurm_srun_args=["--kill-on-bad-exit=1", "--export=ALL"],
        slurm_setup=[*_environment(submission.options["threads"]), *wanted.setup],
        # submitit's own default is a key that no site has.
        slurm_wckey=None,
        slurm_additional_parameters={
            "requeue": True,
            "export": "ALL",
            **dict(wanted.extra),
            **({"dependency": f"afterany:{dependency}"} if dependency else {}),
        },
        **{key: value for key, value in parameters.items() if value is not None},
    )
    try:
        # submitit prints what sbatch says before it raises with it.
        quiet = redirect_stderr(io.StringIO())
        with quiet, for_sbatch(options_given(wanted)), executor.batch():
            jobs = [executor.submit(*_work(store, submission, k)) for k in submission.elements]
    except (FailedJobError, FailedSubmissionError, subprocess.SubprocessError) as error:
        replace(submission, closed=True).write(store)
        lines = [line.strip() for line in str(error).splitlines() if "error" in line.lower()]
        reason = " ".join(lines) or str(error).partition("\n")[0]
        if is_submit_limit(reason):
            shutil.rmtree(folder, ignore_errors=True)
            raise QueueFullError(submission.title, reason) from error
        advice = for_refusal(reason) or "Change slurm.* (or slurm.stages.<stage>.*)."
        raise RefusedError(
            f"SLURM refused {submission.title}: {reason} {advice} Then run the same command "
            f"again: what is submitted stays. Its script lies in {folder}."
        ) from error
    submission = replace(submission, job=jobs[0].job_id.split("_")[0])
    submission.write(store)
    return submission


def mend(store: Store, submission: Submission, job: str) -> Submission:
    """Give the jobs of a submitter that died after sbatch what it had not yet put in place."""
    for index, keys in enumerate(submission.elements):
        paths = JobPaths(submission.folder(store), job_id=submission.name(job, index))
        if not paths.submitted_pickle.exists():
            delayed = DelayedSubmission(*_work(store, submission, keys))
            delayed.set_timeout(submission.time_minutes, submission.max_requeues)
            with replacing(paths.submitted_pickle) as part:
                delayed.dump(part)
    mended = replace(submission, job=job)
    mended.write(store)
    return mended


def _work(store: Store, submission: Submission, keys: Iterable[str]) -> tuple[Any, ...]:
    """What an element calls, and with what."""
    options = {**submission.options, "token": submission.token}
    if submission.decides is not None:
        return RunCommand(), options["command"], options["folder"], options["kept"]
    return RunStages(), str(store.path), list(keys), options


def _environment(threads: int) -> list[str]:
    """Shell lines that give a job the modules of this process and its number of threads."""
    path = os.pathsep.join(dict.fromkeys(entry or os.getcwd() for entry in sys.path))
    lines = [f"export PYTHONPATH={shlex.quote(path)}", "export PYTHONHASHSEED=0"]
    return carried() + lines + [f"export {name}={threads}" for name in THREAD_VARIABLES]
