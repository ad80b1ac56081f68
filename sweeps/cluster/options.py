"""Options of sbatch that are given by name: `slurm.extra`, and which of them are ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

INSTEAD = {
    "account": "slurm.account",
    "comment": "slurm.comment",
    "constraint": "slurm.constraint",
    "cpus-per-task": "slurm.cpus_per_task",
    "exclude": "slurm.exclude",
    "gpus": "slurm.gpus",
    "gpus-per-node": "slurm.gpus",
    "gpus-per-task": "slurm.gpus",
    "mem": "slurm.memory_gb",
    "nodelist": "slurm.nodelist",
    "nodes": "slurm.nodes",
    "ntasks": "slurm.tasks",
    "ntasks-per-node": "slurm.tasks",
    "partition": "slurm.partition",
    "qos": "slurm.qos",
    "time": "slurm.time_minutes",
}
"""Options that a setting has, and that setting."""
OURS = frozenset(
    "array dependency error export export-file hold input job-name no-requeue open-mode output "
    "parsable requeue signal test-only wait wrap".split()
)
"""Options on which attaching, saving and requeueing rest."""
_OF_MEMORY = ("mem-per-cpu", "mem-per-gpu")
_NAME = re.compile(r"[a-z][a-z0-9-]+")


def options(extra: Mapping[str, Any]) -> dict[str, str | bool]:
    """`slurm.extra` as sbatch spells it; null and false leave an option out."""
    return {
        _spelled(name): value if value is True else str(value)
        for name, value in extra.items()
        if value is not None and value is not False
    }


def extra_complaints(extra: Mapping[str, Any], request: Mapping[str, Any]) -> list[str]:
    """What cannot be given so, beside the settings of `request` (sweeps/settings.py, Slurm)."""
    complaints = []
    for name, value in extra.items():
        option, given = _spelled(name), f"slurm.extra.{name}={value}"
        if option in INSTEAD:
            complaints.append(f"{given}: give {INSTEAD[option]} instead.")
        elif option in OURS:
            complaints.append(
                f"{given}: --{option} cannot be chosen: attaching to jobs, their logs or their "
                "way back into the queue rest on it."
            )
        elif not _NAME.fullmatch(option):
            complaints.append(
                f"{given}: accepted is a long option of sbatch without its dashes, such as "
                "'slurm.extra={mail-type: END}'."
            )
        elif option in _OF_MEMORY and request["memory_gb"] is not None:
            complaints.append(
                f"{given}: slurm.memory_gb={request['memory_gb']} is given too. Leave one out."
            )
        elif isinstance(value, (Mapping, list, tuple)) or "\n" in str(value):
            complaints.append(f"{given}: accepted is one line of text, a number, or true.")
    texts = [(f"slurm.{name}", request[name]) for name in ("comment", "qos", "constraint")]
    complaints += [
        f"{name}={value!r}: accepted is one line of text."
        for name, value in texts
        if value is not None and (not str(value).strip() or "\n" in str(value))
    ]
    return complaints


def _spelled(name: object) -> str:
    return str(name).strip().lstrip("-").replace("_", "-").lower()
