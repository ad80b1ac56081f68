"""What to type where SLURM refuses a job, holds it or ended it: advice for its own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from sweeps.cluster.queue import Element

_SUBMIT_LIMIT = re.compile(r"SubmitJob|MaxSubmit|MaxJobCount", re.IGNORECASE)
"""Limits on jobs in the queue. slurmctld's own limit is MaxJobCount."""
_ANY_LIMIT = re.compile(r"\((job submit limit, [^)]*)\)")
_NAMED_LIMIT = re.compile(r"\b(Assoc|QOS)[A-Z]\w+")
_REFUSALS = (
    (r"invalid account", "Name an account of yours with slurm.account (`sacctmgr show assoc`)."),
    (r"invalid qos", "Name a QOS of yours with slurm.qos (`sacctmgr show assoc format=qos`)."),
    (r"invalid partition", "Name a partition with slurm.partition (`sinfo -s` lists them)."),
    (r"time limit|MaxWall", "Lower slurm.time_minutes (`sinfo -o '%P %l'` lists the limits)."),
    (r"feature", "Name features that nodes have with slurm.constraint (`sinfo -o '%N %f'`)."),
    (r"invalid node name", "Name nodes with slurm.nodelist and slurm.exclude (`sinfo -N`)."),
    (r"gres|gpu", "Ask for GPUs that nodes have with slurm.gpus (`sinfo -o '%N %G'`)."),
    (r"memory", "Lower slurm.memory_gb (`sinfo -o '%N %m'` lists what nodes have)."),
    (
        r"node configuration|more processors|node count|size|(Max|Min)\w+PerJob",
        "Lower slurm.cpus_per_task, slurm.memory_gb, slurm.gpus or slurm.nodes (`sinfo -N -l`).",
    ),
    (r"comment|project", "Give what the site wants there with slurm.comment."),
    (r"wckey", "Name a key of yours with slurm.extra.wckey."),
    (
        r"contact|timed out|refused the connection|connection refused|try again|temporarily",
        "The cluster does not answer at the moment: run the same command again later.",
    ),
)
"""Patterns in what sbatch prints, the first that fits counts."""
_WAITS = (
    ("jobhelduser", "It is held by its user: `scontrol release {job}` lets it run."),
    ("jobheldadmin", "It is held by an administrator, who alone can release it: ask them."),
    (
        "launch failed requeued held",
        "A node could not start it (its prolog or the user there); "
        "`scontrol release {job}` tries again, slurm.exclude=NODE leaves a node out.",
    ),
    (
        "jobholdmaxrequeue",
        "SLURM has put it back too often: look at its log, then `scontrol release {job}`.",
    ),
    (
        "partitiontimelimit",
        "Its partition has no room for slurm.time_minutes: `scancel {job}`, then lower it, or "
        "name another with slurm.partition.",
    ),
    (
        "partitionnodelimit",
        "Its partition gives no job so many nodes: `scancel {job}`, then lower slurm.nodes.",
    ),
    (
        "partitiondown",
        "Its partition is closed: it starts when that opens, or `scancel {job}` and name another "
        "with slurm.partition.",
    ),
    ("partitioninactive", "Its partition is closed: it starts when that opens."),
    (
        "reqnodenotavail",
        "The nodes that it needs are down, drained or reserved, often for maintenance: a shorter "
        "slurm.time_minutes may end before that; `scontrol show reservation` tells when.",
    ),
    (
        "badconstraints",
        "No node can meet it any more: `scancel {job}`, then change slurm.constraint, "
        "slurm.memory_gb or slurm.gpus.",
    ),
    ("invalidaccount", "`scancel {job}`, then name an account of yours with slurm.account."),
    ("accountnotallowed", "`scancel {job}`, then name another with slurm.account."),
    ("invalidqos", "`scancel {job}`, then name a QOS of yours with slurm.qos."),
    ("qosnotallowed", "`scancel {job}`, then name a QOS that may run there with slurm.qos."),
    ("dependencyneversatisfied", "`scancel {job}`, then run the same command again."),
    ("reservationdeleted", "`scancel {job}`, then leave slurm.extra.reservation out."),
)
"""Reasons for which a job waits until somebody acts; others pass by themselves."""
_BUDGET = re.compile(r"(grp|max)(cpu|tres|gres|billing|node|mem)?(cpu|gpu)?(run)?minutes?", re.I)
"""Minutes that an account or a QOS has left."""
_PER_JOB = re.compile(r"(max|min)(\w+)perjob|maxmemperlimit|maxwall", re.I)
"""What one job may ask for, by an account, a QOS or a partition."""
_ENDINGS = {
    "OUT_OF_MEMORY": "Raise slurm.memory_gb.",
    "TIMEOUT": "Raise slurm.time_minutes.",
    "DEADLINE": "Leave slurm.extra.deadline out.",
    "NODE_FAIL": "The same command tries it again.",
    "BOOT_FAIL": "The same command tries it again.",
    "CANCELLED": "The same command tries it again.",
}
_LINES, _WIDTH = 3, 200
_EMPTY = re.compile(r"srun: (error: .*: tasks? .*: (Exited|Killed|Terminated)|.*Terminating )")
"""Lines of srun that say only that a job ended."""
_TELLING = re.compile(r"(error|exception|fatal|killed|denied|not found|no such)\b", re.IGNORECASE)


def is_submit_limit(text: str) -> bool:
    """Whether SLURM refused a job only because enough are in the queue."""
    if _NAMED_LIMIT.search(text) is None and _ANY_LIMIT.search(text):
        # Older ones say no more than that it is one of several limits.
        return True
    return _SUBMIT_LIMIT.search(text) is not None


def for_refusal(text: str) -> str:
    """What to type after what sbatch printed; empty where its words are not known."""
    text = _ANY_LIMIT.sub("", text)
    return next((a for words, a in _REFUSALS if re.search(words, text, re.IGNORECASE)), "")


def for_waiting(element: Element, job: str) -> str | None:
    """What to type where a job would wait until somebody acts; None where waiting is all."""
    if element.state not in ("PENDING", "REQUEUE_HOLD"):
        return None
    reason = element.reason.replace("_", " ").strip("() ").lower()
    for words, advice in _WAITS:
        if reason.startswith(words) or reason.replace(" ", "").startswith(words):
            return advice.format(job=job)
    if _PER_JOB.search(reason):
        return (
            f"One job may not have so much: `scancel {job}`, then lower slurm.time_minutes, "
            "slurm.cpus_per_task, slurm.memory_gb, slurm.gpus or slurm.nodes."
        )
    if _BUDGET.search(reason):
        return "The account has used up its share: name another with slurm.account, or wait."
    if element.state == "REQUEUE_HOLD":
        return f"It is held: `scontrol release {job}` lets it run."
    return None


def left_notice(count: int, in_queue: int, reason: str | None, *, waits: bool) -> str:
    """What to say of stages for which the queue has no room: by max_jobs, or by SLURM's reason."""
    if reason is None:
        why, remedy = f"max_jobs={in_queue} is reached", "raise max_jobs"
    else:
        why = f"the cluster takes no more jobs of yours now: {reason}"
        remedy = f"let wait=true do it; max_jobs={in_queue} stays below that limit"
    if waits:
        return f"{count} stages wait for room in the queue, since {why}."
    return (
        f"Left: {count} stages, since {why}. Run the same command again when jobs have ended, or "
        f"{remedy}."
    )


def for_ending(state: str) -> str:
    """What to type after a job ended in this state; empty where its log must tell."""
    return _ENDINGS.get(state, "")


def last_lines(paths: Iterable[Path]) -> Sequence[str]:
    """The last lines that say something, of the first file that has any; what says most first."""
    for path in paths:
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - 8192))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            continue
        lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
        meaningful = [line[:_WIDTH] for line in lines if not _EMPTY.match(line)] or lines
        if meaningful:
            last = meaningful[-_LINES:]
            telling = [line for line in meaningful if _TELLING.search(line)]
            return [line for line in telling[-1:] if line not in last] + last
    return ()
