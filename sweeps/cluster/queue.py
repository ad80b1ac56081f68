"""What SLURM knows of our jobs: one squeue call, and sacct for those it has forgotten."""

from __future__ import annotations

import getpass
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from sweeps.errors import SweepError

COMMENT = "sweeps:"
"""In the comment of our jobs, behind what the site wants there; the token follows."""
_MARK = re.compile(COMMENT + r"([0-9a-f]{16})")
_OVER = frozenset(
    "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED "
    "SPECIAL_EXIT TIMEOUT".split()
)
_SECONDS = 60.0
_ARRAY_SIZE = 1001


class QueueError(SweepError):
    """SLURM did not answer; it may the next time."""


@dataclass(frozen=True, kw_only=True)
class Element:
    """One element of one of our arrays."""

    job: str
    """The array's id."""
    state: str
    """In SLURM's word, such as PENDING."""
    reason: str = ""

    @property
    def active(self) -> bool:
        """Whether it runs or will."""
        return self.state not in _OVER

    def told(self) -> str:
        """State and reason in one phrase."""
        plain = self.reason in ("", "None", "(null)")
        return self.state if plain else f"{self.state} ({self.reason})"


def need_commands() -> None:
    """Raise SweepError where this machine cannot submit."""
    missing = [name for name in ("sbatch", "squeue", "srun") if shutil.which(name) is None]
    if missing:
        raise SweepError(
            f"hydra/launcher=slurm needs {', '.join(missing)}, not found on PATH here. Run the "
            "same command on a login node of a SLURM cluster, or leave hydra/launcher=slurm out "
            "to run on this machine."
        )


def queue() -> dict[tuple[str, int], Element]:
    """Every element that slurmctld remembers of ours, by token and index. Raises QueueError."""
    form = "%F|%K|%T|%r|%k"
    listed = _output(["squeue", "-h", "-r", "-t", "all", "-u", getpass.getuser(), "-o", form])
    found: dict[tuple[str, int], Element] = {}
    for line in listed.splitlines():
        job, index, state, reason, comment = line.split("|", 4)
        if mark := _MARK.search(comment):
            at = (mark.group(1), int(index) if index.isdecimal() else 0)
            found[at] = Element(job=job, state=state, reason=reason)
    return found


def remembered(jobs: Iterable[str]) -> dict[str, Element]:
    """State of each element, by `<array>_<index>`, from the accounts; empty without accounts."""
    words = [word for job in sorted(set(jobs)) for word in ("-j", job)]
    if not words or shutil.which("sacct") is None:
        return {}
    try:
        listed = _output(["sacct", "-X", "-n", "-P", "-o", "JobID,State,ExitCode", *words])
    except QueueError:
        return {}
    found: dict[str, Element] = {}
    for line in listed.splitlines():
        job, state, code = [*line.split("|"), "", ""][:3]
        # "CANCELLED by 1000" is one state.
        exits = f"exit {code}" if re.fullmatch(r"\d+:\d+", code) else ""
        found[job] = Element(job=job.split("_")[0], state=state.split(" ")[0], reason=exits)
    return found


def largest_array() -> int:
    """Elements that one array may have here."""
    try:
        listed = _output(["scontrol", "show", "config"])
    except QueueError:
        return _ARRAY_SIZE - 1
    given = re.search(r"MaxArraySize\s*=\s*(\d+)", listed)
    return max(1, (int(given.group(1)) if given else _ARRAY_SIZE) - 1)


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()
        reason = said[-1].removeprefix(f"{command[0]}: ") if said else "no answer"
        raise QueueError(f"{command[0]}: {reason}") from error
