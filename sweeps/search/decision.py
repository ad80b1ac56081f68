"""What a search does when an axis has ended on a cluster: the same command once more, in a job.

So do rounds of seeds, where claims are to be decided.
"""

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
    """The sweep and the axis or the round, for whom one decision is enough."""
    number: int
    """Of the axis or the round, counted from 1."""
    what: str
    """An axis or a round, in a word."""
    command: tuple[str, ...]
    folder: str
    """Where the command was typed."""
    failures: Mapping[str, int]
    """The newest failed attempt at each stage when the axis began; a later one stands."""

    @classmethod
    def of(cls, sweep: Sweep, number: int, words: Sequence[str] | None = None) -> Self:
        """Of the axis or round counted from 1, by this process's command for this sweep alone."""
        typed = list(sys.argv if words is None else words)
        if sweep.file:
            mine = {"sweep": sweep.file.asked, "study": sweep.study}
            for key, value in mine.items():
                typed = [f"{key}={value}" if w.startswith(f"{key}=") else w for w in typed]
        typed = [word for word in typed if not word.startswith("search.settled=")]
        # It has ended: what died in it is not tried again for ever.
        return cls(
            about=f"{sweep.name} {number}",
            number=number,
            what="axis" if sweep.search else "round",
            command=(sys.executable, *typed, f"search.settled={number}"),
            folder=os.getcwd(),
            failures=(sweep.found or sweep.rounds or {}).get("failures", [{}])[-1],
        )
