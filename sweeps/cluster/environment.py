"""What of the submitter's environment reaches SLURM's commands, and what reaches the jobs.

sbatch puts SBATCH_* variables before a script's own lines, squeue takes its columns from SQUEUE_*,
and the SLURM_* variables of an allocation one sits in pass on to jobs, whose srun obeys them.
"""

from __future__ import annotations

import json
import os
import pwd
import shlex
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_CLIENT = frozenset(
    {"SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS", "SLURM_JWT", "SLURM_DEBUG_FLAGS"}
)
"""How SLURM's commands find their cluster."""
_SLURM = ("SLURM_", "SBATCH_", "SALLOC_", "SRUN_", "SQUEUE_", "SACCT_", "SUBMITIT_")
_RANKS = frozenset(
    "RANK LOCAL_RANK GROUP_RANK NODE_RANK WORLD_SIZE LOCAL_WORLD_SIZE MASTER_ADDR MASTER_PORT "
    "PMI_RANK PMI_SIZE PMIX_RANK".split()
)
"""Of a process that was started as one of several, such as a shell inside of a step."""
_DEFAULTS = frozenset(
    "account acctg-freq burst-buffer cluster-constraint constraint container container-id "
    "core-spec cpu-freq delay-boot exclusive gpu-bind gpu-freq gres-flags hint mem mem-per-cpu "
    "mem-per-gpu network partition prefer profile qos reservation spread-job switches "
    "thread-spec threads-per-core use-min-nodes wait4switch wckey".split()
)
"""Options that a user's SBATCH_* may set where nothing else does."""
_OPTIONS = {
    "TIMELIMIT": "time",
    "MEM_PER_NODE": "mem",
    "REQ_SWITCH": "switches",
    "CPU_FREQ_REQ": "cpu-freq",
    "ARRAY_INX": "array",
}
"""Variables that are not called like their option."""
_INSTEAD = {
    "time": "slurm.time_minutes",
    "gpus": "slurm.gpus",
    "gpus-per-node": "slurm.gpus",
    "gpus-per-socket": "slurm.gpus",
    "gpus-per-task": "slurm.gpus",
    "gres": "slurm.gpus or slurm.extra.gres",
    "cpus-per-gpu": "slurm.cpus_per_task",
    "clusters": "SLURM_CLUSTERS",
}
"""What says it here."""
_MEMORY = frozenset({"mem", "mem-per-cpu", "mem-per-gpu"})
_LOCK = threading.Lock()


def client_environment() -> dict[str, str]:
    """This process's environment without what changes the answers of squeue, sacct, scontrol."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _CLIENT or not name.startswith(_SLURM)
    }


def client_names() -> list[str]:
    """The variables by which this process's commands find their cluster, as far as they are set."""
    return sorted(_CLIENT & os.environ.keys())


def overridden(given: Collection[str]) -> dict[str, str]:
    """SBATCH_* variables that would undo what a job is given, and what says it instead.

    `given` are the long options that its script sets; an empty text stands for what no setting
    says.
    """
    found = {}
    for name in sorted(os.environ):
        if name.startswith("SBATCH_") and name not in _kept(given):
            found[name] = _INSTEAD.get(_option(name), "")
    return found


def overridden_notice(found: Mapping[str, str]) -> str | None:
    """What to say of them, in one line."""
    if not found:
        return None
    replaced = [f"{name} ({instead} says it)" for name, instead in found.items() if instead]
    bare = [name for name, instead in found.items() if not instead]
    return f"Left out of the jobs, which need their own: {', '.join([*replaced, *bare])}."


@contextmanager
def for_sbatch(given: Collection[str]) -> Iterator[None]:
    """Hide from sbatch, and thereby from the job, what would undo the options of `given`."""
    kept = _CLIENT | _kept(given)
    with _LOCK:
        hidden = {
            name: os.environ.pop(name)
            for name in list(os.environ)
            if name in _RANKS or (name.startswith(_SLURM) and name not in kept)
        }
        try:
            yield
        finally:
            os.environ.update(hidden)


def carried() -> list[str]:
    """Shell lines that give a job what the product reads, where the site passes nothing on.

    Names are those of carried.json; what looks like a secret is not written into a script.
    """
    rules = json.loads(Path(__file__).with_name("carried.json").read_text("utf-8"))
    prefixes, names = tuple(rules["prefixes"]), frozenset(rules["names"])
    lines = [
        f"export {name}={shlex.quote(value)}"
        for name, value in sorted(os.environ.items())
        if (name.startswith(prefixes) or name in names)
        and not any(word in name for word in rules["secret"])
    ]
    if path := os.environ.get("LD_LIBRARY_PATH"):
        # A Python of a module needs it; a node that has one of its own knows better.
        lines.append(f": ${{LD_LIBRARY_PATH:={shlex.quote(path)}}}; export LD_LIBRARY_PATH")
    # A site's export=NONE, which srun would pass on to the stages.
    return ["unset SLURM_EXPORT_ENV SRUN_EXPORT_ENV", *lines]


def user_name() -> str:
    """Who this process is to the system, whatever LOGNAME and USER say."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _kept(given: Collection[str]) -> frozenset[str]:
    """The user's own SBATCH_* variables that only fill what is not given."""
    taken = frozenset(given) | (_MEMORY if _MEMORY & frozenset(given) else frozenset())
    return frozenset(
        name
        for name in os.environ
        if name.startswith("SBATCH_") and _option(name) in _DEFAULTS - taken
    )


def _option(variable: str) -> str:
    word = variable.removeprefix("SBATCH_")
    return _OPTIONS.get(word, word.lower().replace("_", "-"))
