"""Seeds in rounds, until the claims of a sweep are decided.

At each look the rows of claims that are still open get one seed more, up to `seeds.most`; a row
that is ahead waits for the others. As a search, the rounds keep nothing of their own: they are
worked out again from the store each time, so that killed ones go on where they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sweeps.asking.claimed import further
from sweeps.asking.expand import Expansion
from sweeps.asking.record import record
from sweeps.asking.rows import Row, Sweep
from sweeps.claims.evidence import Evidence
from sweeps.claims.recorded import claimed_columns, recorded
from sweeps.claims.verdicts import open_claims
from sweeps.graph import Graph
from sweeps.hardware.devices import devices
from sweeps.search.step import Step, failures_of, has_failed, unfinished
from sweeps.stage import Stage
from sweeps.store import Store


def decides(expansion: Expansion, sweep: Sweep) -> bool:
    """Whether this sweep gets further seeds."""
    return expansion.run["claims"]["name"] == "decide" and bool(sweep.claims) and not sweep.search


def advance_rounds(
    expansion: Expansion,
    sweep: Sweep,
    store: Store,
    *,
    settled: int = 0,
    before: Mapping[str, Any] | None = None,
) -> Step:
    """The seeds of every round up to the first one that is not finished, and the looks so far.

    In the first `settled` rounds a cell without a score has failed; in later ones it is still to
    run, unless it has failed since its round began, as `before`, what the sweep's last record says
    of its claims, tells.
    """
    rounds = _Rounds(expansion, sweep, store, before)
    while rounds.number <= settled or not rounds.waits():
        rounds.look()
        if not rounds.next():
            return rounds.step(complete=True)
    return rounds.step(complete=False)


class _Rounds:
    """One walk along the rounds, as far as the scores in the store take it."""

    def __init__(
        self,
        expansion: Expansion,
        sweep: Sweep,
        store: Store,
        before: Mapping[str, Any] | None,
    ) -> None:
        self._expansion, self._sweep, self._store = expansion, sweep, store
        self._before = before or {}
        self._most = int(expansion.run["seeds"]["most"])
        self._hours = expansion.run["claims"]["hours"]
        self._spent = 0.0
        self._rows = {row.label: row for row in sweep.rows}
        self._now: tuple[Row, ...] = sweep.rows
        self._looks: list[dict[str, int]] = []
        self._evidence: list[Evidence] = []
        self._failures: list[dict[str, int]] = []
        self._notice: str | None = None
        self.number = 0
        self._begin()

    def _begin(self) -> None:
        self.number += 1
        self._looks.append(
            {label: len(self._rows[label].cells) for label in sorted(self._sweep.claimed)}
        )
        self._tried = self._tried_before()
        tried = failures_of(self._store, self._now) if self._tried is None else dict(self._tried)
        self._failures.append(tried)

    def _tried_before(self) -> Mapping[str, int] | None:
        """The newest failures when this round began, where the last record has it."""
        looks, failures = self._before.get("looks", []), self._before.get("failures", [])
        at = self.number - 1
        known = at < min(len(looks), len(failures)) and looks[at] == self._looks[at]
        return failures[at] if known else None

    def waits(self) -> bool:
        """Whether a cell of this round may still get a score."""
        cells = [cell for row in self._now for cell in row.cells if unfinished(self._store, cell)]
        if self._tried is None:
            return bool(cells)
        return any(not has_failed(self._store, cell, self._tried) for cell in cells)

    def look(self) -> None:
        """Take in the evidence of this round."""
        content = record(self._whole())
        columns = claimed_columns(content)
        self._evidence.append(recorded(content, self._store, columns, self._looks[-1]))
        self._open = open_claims(
            self._sweep.claims,
            columns,
            self._evidence,
            most=self._most,
            level=self._sweep.level,
        )

    def next(self) -> bool:
        """Give the rows of open claims their next seed; whether there is a round to come."""
        labels = {row for claim in self._open for row in claim.rows}
        if not labels:
            return False
        wanted = 1 + min(len(self._rows[label].cells) for label in labels)
        if wanted > self._most:
            self._notice = (
                f"{len(self._open)} open at {self._most} seeds a row, the most asked for."
            )
            return False
        grown = [
            self._with_seed(row)
            for label, row in self._rows.items()
            if label in labels and len(row.cells) < wanted
        ]
        there = Graph(stage for row in self._rows.values() for stage in _stages(row))
        more = Graph(stage for row in grown for stage in _stages(row))
        hours = sum(self._seconds(stage) for stage in more if stage.key not in there) / 3600
        if self._hours is not None and self._spent + hours > self._hours:
            self._notice = (
                f"{len(self._open)} open at claims.hours={self._hours:g}: further seeds took "
                f"{self._spent:.3g} hours by the plan, and the next round would take {hours:.3g}."
            )
            return False
        self._spent += hours
        self._now = tuple(grown)
        self._rows |= {row.label: row for row in grown}
        self._begin()
        return True

    def _with_seed(self, row: Row) -> Row:
        cell = self._expansion.cell(self._sweep, row.overrides, row.next_seed)
        return replace(row, cells=(*row.cells, cell))

    def _seconds(self, stage: Stage) -> float:
        run = self._expansion.run
        return devices()[run["device"]].time(stage, run["share_of_peak"])

    def _whole(self) -> Sweep:
        return replace(self._sweep, rows=tuple(self._rows.values()))

    def step(self, *, complete: bool) -> Step:
        """What is known by now."""
        sweep = self._whole()
        price = partial(further, sweep, self._expansion.cell, self._expansion.run)
        looked = f"Seeds were added until claims were decided, in {len(self._evidence)} looks."
        notices = [looked] if len(self._evidence) > 1 else []
        if self._notice:
            notices.append(f"Claims: {self._notice}")
        if not complete and self.number > 1:
            notices.append(f"Round {self.number} of seeds, for: {', '.join(self._labels())}.")
        rounds = {"most": self._most, "looks": self._looks, "failures": self._failures}
        return Step(
            sweep=replace(sweep, further=price, rounds=rounds, notices=(*sweep.notices, *notices)),
            number=self.number,
            now=self._now,
            complete=complete,
        )

    def _labels(self) -> Iterable[str]:
        return (row.label for row in self._now)


def _stages(row: Row) -> Iterable[Stage]:
    return (stage for cell in row.cells for stage in cell.scores.values())
