"""Coordinate ascent: one axis after another, each searched from the winners so far.

A search keeps nothing of its own: its path is worked out again from the store each time, so that
a killed one goes on where it was, and ends with the same path.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sweeps.asking.claimed import labelled
from sweeps.asking.expand import Expansion
from sweeps.asking.placeholders import fill, strip
from sweeps.asking.rows import Row, Sweep
from sweeps.asking.sweepfile import FileRow
from sweeps.errors import ConfigurationError, nearest
from sweeps.graph import Graph
from sweeps.search.scores import column_of, mean, value
from sweeps.search.step import Step, failures_of, has_failed
from sweeps.store import Store

TIE_BREAKS = ("cheaper", "none")
_BASELINE = "Baseline"


def advance(
    expansion: Expansion,
    sweep: Sweep,
    store: Store,
    *,
    settled: int = 0,
    before: Mapping[str, Any] | None = None,
) -> Step:
    """The rows of every axis up to the first one that is not decided, and the path so far.

    On the first `settled` axes a candidate without a score has failed and cannot win; on later
    ones it is still to run, unless it has failed since its axis began, as the path `before` of the
    search's last record tells; what died without a word is tried again. A candidate that cannot be
    beside the winners so far cannot win either. Raises ConfigurationError with all complaints about
    the first axis and all candidates.
    """
    walk = _Walk(expansion, sweep, store, before)
    for number, axis in enumerate(walk.search.axes):
        walk.begin(axis)
        if number >= settled and walk.undecided():
            walk.check_later()
            return walk.step(complete=False)
        if not walk.decide():
            break
    return walk.step(complete=True)


class _Walk:
    """One look along the axes, as far as the scores in the store decide them."""

    def __init__(
        self,
        expansion: Expansion,
        sweep: Sweep,
        store: Store,
        before: Mapping[str, Any] | None,
    ) -> None:
        assert sweep.search is not None
        self.search = sweep.search
        if self.search.tie_break not in TIE_BREAKS:
            known = nearest(self.search.tie_break, TIE_BREAKS)
            raise ConfigurationError([f"{sweep.id}: tie_break: {self.search.tie_break!r}. {known}"])
        self._expansion, self._sweep, self._store = expansion, sweep, store
        self._before = before
        baseline = _row(expansion, sweep, FileRow(label=_BASELINE), {}, None)
        self._column = column_of(baseline.cells[0], self.search.score)
        self._baseline = None if expansion.run["baseline"] == "none" else baseline
        self._rows = [self._baseline] if self._baseline else []
        self._ruler = self._spread(self._baseline)
        self._carried: dict[str, str] = {}
        self._path: list[dict[str, Any]] = []
        self._failures: list[dict[str, int]] = []
        # What claims call the candidates, and the labels of their rows
        self._claimed: dict[str, str] = {}
        # Of the last axis that has begun: its rows, and the newest failures when it began, if they
        # are on record.
        self._made: dict[str, Row] = {}
        self._tried: Mapping[str, int] | None = None

    def begin(self, axis: Mapping[str, Any]) -> None:
        """Ask for the next axis' candidates, on top of the winners so far."""
        made, impossible = _candidates(
            self._expansion, self._sweep, axis, self._carried, self._rows, self._baseline
        )
        number = len(self._path)
        if impossible and number == 0:
            complaints = []
            for candidate in axis["candidates"]:
                about = impossible.get(strip(candidate.label), [])
                complaints += _about(self._sweep, axis, candidate, about)
            raise ConfigurationError(complaints + self._wrong_later(1))
        self._made = made
        self._rows += made.values()
        self._claimed |= {f"{axis['name']}: {strip(r.name)}": r.label for r in made.values()}
        entry: dict[str, Any] = {"name": axis["name"], "candidates": [*made, *impossible]}
        if impossible:
            entry["impossible"] = {
                label: " ".join(complaints) for label, complaints in impossible.items()
            }
        self._tried = _tried(self._before, number, entry)
        self._path.append(entry)
        self._failures.append(
            failures_of(self._store, self._now()) if self._tried is None else dict(self._tried)
        )

    def undecided(self) -> bool:
        """Whether a candidate of the last axis, or the baseline, may still get a score."""
        cells = [cell for row in self._now() for cell in row.cells]
        unscored = [cell for cell in cells if value(self._store, cell, self._column) is None]
        if self._tried is None:
            return bool(unscored)
        return any(not has_failed(self._store, cell, self._tried) for cell in unscored)

    def decide(self) -> bool:
        """Carry the last axis' winner along the axes to come; whether there is one."""
        scores = {label: mean(self._store, row, self._column) for label, row in self._made.items()}
        costs = {label: _cost(row) for label, row in self._made.items()}
        breaks_ties = self.search.tie_break == "cheaper"
        winner, why = choose(
            scores,
            costs,
            self._ruler if breaks_ties else None,
            lower_is_better=self._column.lower_is_better,
        )
        if breaks_ties and self._ruler is None and winner is not None:
            why += "; no tie-break without two baseline seeds"
        self._path[-1].update(winner=winner, why=why, scores=scores)
        if winner is None:
            return False
        self._carried.update(_by_key(self._expansion, self._made[winner].overrides))
        return True

    def check_later(self) -> None:
        """Raise ConfigurationError for what is wrong with axes to come, whatever wins now."""
        if complaints := self._wrong_later(len(self._path)):
            raise ConfigurationError(complaints)

    def step(self, *, complete: bool) -> Step:
        """What is known by now."""
        to_come = [axis["name"] for axis in self.search.axes[len(self._path) :]]
        waiting = () if complete or not to_come else (_to_come(self._path[-1]["name"], to_come),)
        found = {
            "score": self._column.name,
            "tie_break": self.search.tie_break,
            "ruler": self._ruler,
            "axes": self._path,
            "failures": self._failures,
        }
        return Step(
            sweep=replace(
                self._sweep,
                rows=tuple(self._rows),
                found=found,
                notices=waiting,
                claims=tuple(labelled(claim, self._claimed) for claim in self._sweep.claims),
            ),
            number=len(self._path),
            now=self._now(),
            complete=complete,
        )

    def _now(self) -> tuple[Row, ...]:
        return (*([self._baseline] if self._baseline else []), *self._made.values())

    def _spread(self, baseline: Row | None) -> float | None:
        """The standard deviation of the baseline's seeds that have a score, if two have."""
        cells = baseline.cells if baseline else ()
        there = [v for cell in cells if (v := value(self._store, cell, self._column)) is not None]
        return statistics.stdev(there) if len(there) > 1 else None

    def _wrong_later(self, first: int) -> list[str]:
        later = self.search.axes[first:]
        return _wrong(self._expansion, self._sweep, later, self._carried)


def _to_come(name: str, later: Sequence[str]) -> str:
    return f"Still to come, with the winner of {name}: {', then '.join(later)}."


def _candidates(
    expansion: Expansion,
    sweep: Sweep,
    axis: Mapping[str, Any],
    carried: Mapping[str, str],
    rows: Sequence[Row],
    baseline: Row | None,
) -> tuple[dict[str, Row], dict[str, list[str]]]:
    """An axis' rows by their labels, and what is impossible about the candidates that have none."""
    made: dict[str, Row] = {}
    impossible: dict[str, list[str]] = {}
    for candidate in axis["candidates"]:
        try:
            row = _row(expansion, sweep, candidate, carried, baseline)
        except ConfigurationError as error:
            impossible[strip(candidate.label)] = error.complaints
            continue
        if row.label in made or row.label in {one.label for one in rows}:
            row = replace(row, label=f"{axis['name']}: {row.label}")
        made[row.label] = row
    return made, impossible


def _wrong(
    expansion: Expansion,
    sweep: Sweep,
    axes: Sequence[Mapping[str, Any]],
    carried: Mapping[str, str],
) -> list[str]:
    """Names and types of later axes that are wrong whatever wins before them."""
    complaints: list[str] = []
    for axis, candidate in ((one, candidate) for one in axes for candidate in one["candidates"]):
        try:
            own = _by_key(expansion, candidate.overrides)
            expansion.configuration(sweep, tuple({**carried, **own}.values()))
        except ConfigurationError as error:
            complaints += _about(sweep, axis, candidate, error.complaints)
    return list(dict.fromkeys(complaints))


def _about(
    sweep: Sweep, axis: Mapping[str, Any], candidate: FileRow, complaints: Iterable[str]
) -> list[str]:
    """Complaints about a candidate, behind where it stands in its file."""
    where = f"{sweep.file.where(candidate, axis['name'])}: " if sweep.file else ""
    return [where + one for one in complaints]


def _tried(
    before: Mapping[str, Any] | None, number: int, entry: Mapping[str, Any]
) -> Mapping[str, int] | None:
    """The newest failures when this axis began, where the last record has it."""
    known = before.get("failures", []) if before else []
    if before is None or number >= len(known):
        return None
    then = before["axes"][number]
    same = all(then[what] == entry[what] for what in ("name", "candidates"))
    return known[number] if same else None


def choose(
    scores: Mapping[str, float | None],
    costs: Mapping[str, float],
    ruler: float | None,
    *,
    lower_is_better: bool = False,
) -> tuple[str | None, str]:
    """The winner among the candidates that have a score, and why it won.

    With a ruler, the cheapest of those within two of it of the best. Equal ones: the first.
    """
    # Heights: the higher, the better, whatever way the column counts.
    sign = -1.0 if lower_is_better else 1.0
    there = {label: sign * score for label, score in scores.items() if score is not None}
    if not there:
        return None, "no candidate has a score"
    best = max(there, key=lambda label: there[label])
    missing = "".join(f"; {label} has no score" for label in scores if label not in there)
    if ruler is None:
        return best, f"the best score{missing}"
    least = there[best] - 2 * ruler
    close = [one for one in there if there[one] == there[best] or there[one] > least]
    cheapest = min(close, key=lambda label: (costs[label], -there[label]))
    if cheapest == best:
        return best, f"the best score{missing}"
    return cheapest, f"within two baseline standard deviations of {best}, and cheaper{missing}"


def _row(
    expansion: Expansion,
    sweep: Sweep,
    candidate: FileRow,
    carried: Mapping[str, str],
    baseline: Row | None,
) -> Row:
    """A candidate on top of the winners; one that is the baseline has the baseline's cells."""
    own = _by_key(expansion, candidate.overrides)
    overrides = tuple({**carried, **own}.values())
    is_baseline = candidate.label == _BASELINE and not overrides and baseline is None
    start = int(expansion.run["seed"])
    cells = [expansion.cell(sweep, overrides, start)]
    if baseline is not None and cells[0].identity == baseline.cells[0].identity:
        cells = list(baseline.cells)
    else:
        count = sweep.seeds["baseline" if is_baseline else "variants"]
        cells += [expansion.cell(sweep, overrides, start + n) for n in range(1, count)]
    # The label says what really ran: of typed overrides, the winners so far as well.
    label = fill(candidate.label, cells[0].config)
    if not sweep.file and overrides:
        label = ", ".join(overrides)
    return Row(
        label=label,
        name=candidate.label,
        overrides=overrides,
        baseline=is_baseline,
        cells=tuple(cells),
    )


def _by_key(expansion: Expansion, overrides: Sequence[str]) -> dict[str, str]:
    return {expansion.key_of(text): text for text in overrides}


def _cost(row: Row) -> float:
    return sum(float(stage.cost.flops) for stage in Graph(row.cells[0].scores.values()))
