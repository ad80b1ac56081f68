"""What a running stage may ask and tell; none of it may influence the stage's result."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from sweeps.errors import StageError, Stopped
from sweeps.lease import HeldLease
from sweeps.running.mirror import Mirror
from sweeps.running.ranks import Ranks

Report = Callable[[int, int, dict[str, Any]], None]

_REPORT_SECONDS = 0.2


class StopRequest:
    """A request to stop that a signal, a pipe or another thread makes and a stage answers."""

    def __init__(self) -> None:
        self._made = threading.Event()
        self.noticed = threading.Event()
        """Set once the running stage has seen the request: it is saving, and may take its time."""

    def make(self) -> None:
        """Ask the running stage, and all later ones, to stop."""
        self._made.set()

    def made(self) -> bool:
        """Whether somebody asked."""
        return self._made.is_set()


class Context:
    """Work folder, device, progress and the order to stop, for one attempt at one stage."""

    def __init__(
        self,
        *,
        work: Path,
        earlier: list[Path],
        lease: HeldLease,
        device: str,
        threads: int,
        stop: StopRequest,
        report: Report | None,
        mirror: Mirror,
        execution: Mapping[str, Any],
        ranks: Ranks | None = None,
    ) -> None:
        self.work = work
        """The stage's own scratch; survives a kill. `last.ckpt` lies here."""
        self.earlier = earlier
        """Scratch of earlier attempts, newest first: resume from the newest readable last.ckpt."""
        self.device = device
        self.threads = threads
        self.ranks = ranks
        """Who else runs this stage, this process leading; None for nobody."""
        self.attempt = lease.generation
        self.facts: dict[str, Any] = {}
        self.execution = execution
        """How to carry out the run: what the study gave with the stage."""
        self._lease = lease
        self._stop = stop
        self._report = report
        self._mirror = mirror
        self._reported = float("-inf")
        self._first: tuple[float, int] | None = None

    def progress(self, step: int, total: int, **numbers: float) -> None:
        """Tell how far the stage is, with numbers such as loss; cheap, so call it every step."""
        now = time.monotonic()
        finite = {name: float(value) for name, value in numbers.items() if math.isfinite(value)}
        self._mirror.log(int(step), finite)
        if now - self._reported < _REPORT_SECONDS and step < total:
            return
        self._reported = now
        self._lease.note(
            {**finite, "step": int(step), "total": int(total), **self._pace(step, total)}
        )
        if self._report is not None:
            self._report(int(step), int(total), finite)

    def _pace(self, step: int, total: int) -> dict[str, float]:
        """Seconds left at the pace since the first report, for who watches from elsewhere."""
        now = time.monotonic()
        if self._first is None or step <= self._first[1]:
            self._first = now, step
            return {}
        return {"seconds_left": (now - self._first[0]) / (step - self._first[1]) * (total - step)}

    def should_stop(self) -> bool:
        """Whether to save last.ckpt and call `stop()`; LeaseLost when the stage is lost."""
        if self._lease.lost.is_set():
            self._lease.assert_owned()
        if not self._stop.made():
            return False
        self._stop.noticed.set()
        return True

    def stop(self) -> NoReturn:
        """Leave after saving; the stage goes on from there another time."""
        raise Stopped

    def assert_owned(self) -> None:
        """Raise LeaseLost when a newer holder owns the stage; call it before each checkpoint."""
        self._lease.assert_owned()

    def record(self, **facts: Any) -> None:
        """Add facts (flops=..., tokens=...) to the finished stage's stage.json.

        notes=[...] are sentences that become footnotes of the table rows that the stage is behind;
        seconds={"data": ...} says where the stage's time went, by part.
        """
        try:
            json.dumps(facts, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StageError(f"context.record({', '.join(facts)}): not JSON: {error}") from None
        self.facts.update(facts)
