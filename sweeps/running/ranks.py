"""A stage that runs as several processes: who they are, and what those but the first do.

The first process leads: it holds the lease, saves and publishes, exactly as a process alone. The
others run the same function on their part of the work, and what they write is thrown away.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from sweeps.errors import Stopped
from sweeps.stage import resolve_run
from sweeps.store import Store, input_places, read_json, write_json

_POLL_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Which of a stage's processes this is, and where they meet."""

    rank: int
    """From 0, the lead; those of a node are neighbours."""
    world: int
    local_rank: int
    """Which of this node's."""
    nodes: int
    strategy: str
    """How they share the model: `ddp` or `fsdp`."""
    address: str = ""
    port: int = 0
    """Where the lead listens; chosen anew for each stage."""

    def meeting(self) -> Ranks:
        """With a place to meet, on this machine."""
        alone = self.nodes == 1
        with socket.socket() as free:
            free.bind(("127.0.0.1" if alone else "", 0))
            port = free.getsockname()[1]
        name = os.environ.get("SLURMD_NODENAME") or socket.gethostname()
        return replace(self, address="127.0.0.1" if alone else name, port=port)


class Announcements:
    """What the lead of a job tells its other processes, through the store's folder of the job."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._count = 0

    def tell(self, **what: Any) -> None:
        """The next thing that all do; without anything, that all is over."""
        write_json(self._path(), what)
        self._count += 1

    def wait(self) -> dict[str, Any] | None:
        """The next thing that the lead tells; None when all is over."""
        while (announcement := read_json(self._path())) is None:
            time.sleep(_POLL_SECONDS)
        self._count += 1
        return announcement or None

    def _path(self) -> Path:
        return self._folder / f"ranks-{self._name}-{self._count}.json"


def announcement_of(store: Store, key: str, generation: int, ranks: Ranks) -> dict[str, Any]:
    """What the others need to join an attempt at a stage."""
    earlier = [str(path) for path in store.earlier_work(key, generation)]
    return {
        "key": key,
        "generation": generation,
        "earlier": earlier,
        "address": ranks.address,
        "port": ranks.port,
    }


def follow(
    store: Store, announcement: dict[str, Any], ranks: Ranks, *, device: str, threads: int
) -> None:
    """Run this process's part of the stage that the lead has announced.

    Returns when the stage is finished or stopped; raises what the stage's function raises.
    """
    spec = store.read_spec(announcement["key"])
    inputs = input_places(store, spec)
    work = store.work(announcement["key"], announcement["generation"])
    here = replace(ranks, address=announcement["address"], port=announcement["port"])
    earlier = [Path(path) for path in announcement["earlier"]]
    context = FollowerContext(
        work, earlier, device, threads, here, announcement, spec.get("execution", {})
    )
    with _scratch(work, ranks.rank) as out, contextlib.suppress(Stopped):
        resolve_run(spec["run"])(spec["config"], inputs, out, context)


@contextlib.contextmanager
def _scratch(work: Path, rank: int) -> Iterator[Path]:
    out = work / f".rank{rank}-{secrets.token_hex(4)}"
    out.mkdir(parents=True)
    try:
        yield out
    finally:
        shutil.rmtree(out, ignore_errors=True)


class FollowerContext:
    """The context of a process that does not lead: it decides nothing and tells nobody."""

    def __init__(
        self,
        work: Path,
        earlier: list[Path],
        device: str,
        threads: int,
        ranks: Ranks,
        announcement: dict[str, Any],
        execution: Mapping[str, Any],
    ) -> None:
        self.work = work
        """The lead's: to read, not to write."""
        self.earlier = earlier
        self.device, self.threads, self.ranks = device, threads, ranks
        self.attempt = announcement["generation"]
        self.execution = execution

    def progress(self, step: int, total: int, **numbers: float) -> None:
        """The lead tells."""

    def should_stop(self) -> bool:
        """The lead decides."""
        return False

    def stop(self) -> NoReturn:
        """Leave, as the lead does."""
        raise Stopped

    def assert_owned(self) -> None:
        """The lead holds the lease."""

    def record(self, **facts: Any) -> None:
        """The lead records."""


def provenance_of(ranks: Ranks | None) -> dict[str, Any]:
    """What a finished stage says of its processes."""
    if ranks is None:
        return {"world_size": 1}
    return {"world_size": ranks.world, "nodes": ranks.nodes, "strategy": ranks.strategy}
