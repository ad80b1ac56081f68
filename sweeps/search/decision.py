"""What a search does when an axis has ended on a cluster: the same command once more, in a job."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sweeps.asking.rows import Sweep

NAME = "decision"
"""What the job is called, and its resources under `slurm.stages`."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Choose an axis' winner and submit the next axis: what the command does when typed again."""

    about: str
    """The search and the axis, for whom one decision is enough."""
    axis: int
    """Counted from 1."""
    command: tuple[str, ...]
    folder: str
    """Where the command was typed."""
    failures: Mapping[str, int]
    """The newest failed attempt at each stage when the axis began; a later one stands."""

    @classmethod
    def of(cls, sweep: Sweep, axis: int, words: Sequence[str] | None = None) -> Self:
        """Of the axis counted from 1, by this process's command for this search alone."""
        typed = list(sys.argv if words is None else words)
        if sweep.file:
            mine = {"sweep": sweep.file.asked, "study": sweep.study}
            for key, value in mine.items():
                typed = [f"{key}={value}" if w.startswith(f"{key}=") else w for w in typed]
        typed = [word for word in typed if not word.startswith("search.settled=")]
        # The axis has ended: what died in it is not tried again for ever.
        command = (sys.executable, *typed, f"search.settled={axis}")
        return cls(
            about=f"{sweep.name} {axis}",
            axis=axis,
            command=command,
            folder=os.getcwd(),
            failures=sweep.found["failures"][-1] if sweep.found else {},
        )
