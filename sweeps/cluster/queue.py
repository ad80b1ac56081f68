"""What SLURM knows of our jobs: one squeue call, and sacct for those it has forgotten."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sweeps.cluster.environment import client_environment
from sweeps.errors import RefusedError, SweepError

COMMENT = "sweeps:"
"""In the comment of our jobs, behind what the site wants there; the token follows."""
UNSEEN = "UNSEEN"
"""State of an element that may well be in the queue, which this user cannot see there."""
_MARK = re.compile(COMMENT + r"([0-9a-f]{16})\b|/slurm/([0-9a-f]{16})/")
"""The token of a submission, in the comment of a job or in the path of its script."""
_OVER = frozenset(
    "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED "
    "SPECIAL_EXIT TIMEOUT".split()
)
_RUNNING = frozenset({"RUNNING", "COMPLETING", UNSEEN})
_SECONDS = 60.0
_ARRAY_SIZE = 1001
_KEPT_SECONDS = 300


class QueueError(RefusedError):
    """SLURM did not answer; it may the next time."""


@dataclass(frozen=True, kw_only=True)
class Element:
    """One element of an array, or a single job."""

    job: str
    """The array's id."""
    state: str
    """In SLURM's word, such as PENDING."""
    reason: str = ""
    name: str = ""
    token: str | None = None
    """Of the submission that its comment or its script names."""

    @property
    def active(self) -> bool:
        """Whether it runs or will."""
        return self.state not in _OVER

    @property
    def may_run(self) -> bool:
        """Whether its stage may be at work now."""
        return self.state in _RUNNING

    def phrase(self) -> str:
        """State and reason in one phrase."""
        plain = self.reason in ("", "None", "(null)")
        return self.state if plain else f"{self.state} ({self.reason})"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What slurmctld says of itself."""

    name: str | None = None
    largest_array: int = _ARRAY_SIZE - 1
    kept_seconds: int = _KEPT_SECONDS
    """How long it remembers a job that has ended."""
    private: bool = False
    """Whether a user sees their own jobs only."""


_ELSEWHERE = (
    "Run the same command on a login node of a SLURM cluster, or leave hydra/launcher=slurm out to "
    "run on this machine."
)
_UNCONFIGURED = "Could not establish a configuration source"
"""What SLURM's commands say last where they are installed and no cluster is."""


def need_commands() -> None:
    """Raise SweepError where this machine cannot submit."""
    missing = [name for name in ("sbatch", "squeue", "srun") if shutil.which(name) is None]
    if missing:
        raise SweepError(
            f"hydra/launcher=slurm: no cluster was found, since {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not on PATH here. {_ELSEWHERE}"
        )
    try:
        _output(["scontrol", "show", "config"])
    except QueueError as error:
        if _UNCONFIGURED in str(error):
            raise SweepError(
                "hydra/launcher=slurm: no cluster was found, since nothing here says which one "
                f"SLURM's commands belong to ({error}). {_ELSEWHERE}"
            ) from error


def queue(jobs: Collection[str] | None = None) -> dict[tuple[str, int | None], Element]:
    """What slurmctld remembers of the jobs with these ids, whoever's they are, or of all.

    By id and index. The index None stands for a job without an array, and for all elements of an
    array that were cancelled while they waited: these SLURM lists as one. Raises QueueError.
    """
    if jobs is not None and not jobs:
        return {}
    command = ["squeue", "-h", "-r", "-t", "all", "-o", "%F|%K|%T|%r|%j|%o %k"]
    if jobs is not None:
        # Of one id alone squeue says that it is invalid, where of several it lists the others.
        command += ["-j", ",".join(sorted(jobs))]
    try:
        listed = _output(command)
    except QueueError as error:
        if jobs is not None and "Invalid job id" in str(error):
            return {}
        raise
    found: dict[tuple[str, int | None], Element] = {}
    for line in listed.splitlines():
        if line.count("|") < 5:
            # Between the jobs of several clusters stand their names.
            continue
        job, index, state, reason, name, rest = line.split("|", 5)
        mark = _MARK.search(rest)
        found[job, int(index) if index.isdecimal() else None] = Element(
            job=job,
            state=state,
            reason=reason,
            name=name,
            token=(mark.group(1) or mark.group(2)) if mark else None,
        )
    return found


def remembered(jobs: Iterable[str]) -> dict[str, Element]:
    """State of each element, by `<array>_<index>`, from the accounts; empty without accounts."""
    words = [word for job in sorted(set(jobs)) for word in ("-j", job)]
    if not words or shutil.which("sacct") is None:
        return {}
    try:
        listed = _output(["sacct", "-a", "-X", "-n", "-P", "-o", "JobID,State,ExitCode", *words])
    except QueueError:
        return {}
    found: dict[str, Element] = {}
    for line in listed.splitlines():
        job, state, code = [*line.split("|"), "", ""][:3]
        # "CANCELLED by 1000" is one state.
        exits = f"exit {code}" if re.fullmatch(r"\d+:\d+", code) else ""
        element = Element(job=job.split("_")[0], state=state.split(" ")[0], reason=exits)
        found.update(dict.fromkeys(_elements(job), element))
    return found


def _elements(job: str) -> list[str]:
    """The elements of an id such as `7_[0-2,5%2]`, as one line tells of those that never ran."""
    if (several := re.fullmatch(r"(\d+)_\[([\d,-]+)(?:%\d+)?\]", job)) is None:
        return [job]
    array, spans = several.groups()
    ends = [[int(end) for end in span.split("-")] for span in spans.split(",") if span]
    return [f"{array}_{index}" for span in ends for index in range(span[0], span[-1] + 1)]


def this_cluster() -> Cluster:
    """The cluster that this machine's commands speak to; what it does not say is as usual."""
    try:
        listed = _output(["scontrol", "show", "config"])
    except QueueError:
        return Cluster()
    configuration = dict(re.findall(r"^(\w+)\s*=\s*(\S+)", listed, re.MULTILINE))
    size, kept = (configuration.get(name, "") for name in ("MaxArraySize", "MinJobAge"))
    return Cluster(
        name=configuration.get("ClusterName"),
        largest_array=max(1, (int(size) if size.isdecimal() else _ARRAY_SIZE) - 1),
        kept_seconds=int(kept) if kept.isdecimal() else _KEPT_SECONDS,
        private="jobs" in configuration.get("PrivateData", "").lower(),
    )


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
            env=client_environment(),
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        lines = str(getattr(error, "stderr", None) or error).strip().splitlines()
        reason = lines[-1].removeprefix(f"{command[0]}: ") if lines else "no answer"
        raise QueueError(f"{command[0]}: {reason}") from error
