"""How a store stands, seen from any host that has it mounted: a table that can be redrawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Group
from rich.table import Table
from rich.text import Text

from sweeps.lease import Lease, beat_age, read_lease, running_lease
from sweeps.running.progress import clock, step_cells
from sweeps.store import Store
from sweeps.verbs.address import recorded_cells, recorded_labels, recorded_sweep

_ORDER = ("running", "silent", "failed", "stopped", "waiting", "done")
_STYLES = {"done": "green", "running": "cyan", "failed": "bold red", "silent": "yellow"}
_BEAT_FIELDS = frozenset({"count", "state", "seconds", "step", "total", "seconds_left"})


@dataclass(frozen=True, kw_only=True)
class StageStatus:
    """What a store tells of one stage."""

    key: str
    name: str
    label: str
    state: str
    """done, running, silent (its holder has stopped beating), failed, stopped, waiting."""
    lease: Lease | None = None
    age: float | None = None
    """Seconds since the last beat."""
    reason: str = ""
    cells: tuple[str, ...] = field(default=())

    @property
    def where(self) -> str:
        """Host and process of the holder."""
        if self.lease is None or self.lease.holder is None or self.state not in _HELD:
            return ""
        return f"{self.lease.holder.host}:{self.lease.holder.pid}"


_HELD = ("running", "silent")


def stage_statuses(store: Store, sweep: str | None = None) -> list[StageStatus]:
    """The stages of one sweep, or all that the store has heard of, what runs first."""
    cells = recorded_cells(store, sweep)
    labels = recorded_labels(store)
    names = {spec["key"]: spec["name"] for spec in store.specs()}
    if sweep is None:
        names.update((key, name) for name, key, _ in store.finished())
    else:
        record = recorded_sweep(store, sweep).record
        names = {key: stage["name"] for key, stage in record["stages"].items()}
    of_stage: dict[str, list[str]] = {}
    for cell in cells:
        for key in cell.stages:
            of_stage.setdefault(key, []).append(cell.name)
    found = [
        _status(store, key, name, labels.get(key) or name, tuple(of_stage.get(key, ())))
        for key, name in names.items()
    ]
    return sorted(found, key=lambda one: (_ORDER.index(one.state), one.label, one.key))


def _status(store: Store, key: str, name: str, label: str, cells: tuple[str, ...]) -> StageStatus:
    state, reason, lease, age = "waiting", "", None, None
    if store.find_key(name, key) is not None:
        state = "done"
    else:
        lease = read_lease(store, key)
        failures = store.failures(key)
        if lease is not None:
            age = beat_age(store, key, lease.generation)
        if running_lease(store, key) is not None:
            state = "running"
        elif failures and (lease is None or failures[-1]["attempt"] >= lease.generation):
            state, reason = "failed", failures[-1]["error"]
        elif lease is not None:
            state = "stopped" if lease.released else "silent"
    return StageStatus(
        key=key,
        name=name,
        label=label,
        state=state,
        lease=lease,
        age=age,
        reason=reason,
        cells=cells,
    )


def draw(statuses: Iterable[StageStatus], *, every: bool = False) -> Group:
    """A table of what runs or failed, or with `every` of all stages, over the counts."""
    statuses = list(statuses)
    table = Table(box=None, pad_edge=False)
    headings = ("stage", "key", "cells", "state", "step", "loss", "tokens/s", "left", "", "where")
    for heading in headings:
        right = heading in ("step", "loss", "tokens/s", "left")
        table.add_column(heading, justify="right" if right else "left")
    for one in statuses:
        if every or one.state in ("running", "silent", "failed"):
            table.add_row(*_row(one))
    parts = [Text(_summary(statuses)), Text(_by_name(statuses), "dim")]
    return Group(table, *parts) if table.row_count else Group(*parts)


def _row(one: StageStatus) -> tuple[str | Text, ...]:
    beat = one.lease.beat if one.lease is not None and one.state != "failed" else {}
    numbers = {name: value for name, value in beat.items() if name not in _BEAT_FIELDS}
    cells = step_cells(beat.get("step", 0), beat.get("total", 0), numbers, beat.get("seconds_left"))
    state = Text(one.state, _STYLES.get(one.state, ""))
    if one.state == "silent" and one.age is not None:
        state.append(f" for {clock(one.age)}")
    own = one.cells[0] if len(one.cells) == 1 else str(len(one.cells) or "")
    *counted, others = cells
    return (one.label, one.key[:8], own, state, *counted, one.reason or others, one.where)


def _summary(statuses: list[StageStatus]) -> str:
    counts = Counter(one.state for one in statuses)
    parts = [f"{counts['done']}/{len(statuses)} stages done"]
    parts += [f"{counts[state]} {state}" for state in _ORDER if state != "done" and counts[state]]
    done: dict[str, bool] = {}
    for one in statuses:
        for cell in one.cells:
            done[cell] = done.get(cell, True) and one.state == "done"
    if done:
        parts.append(f"{sum(done.values())}/{len(done)} cells whole")
    return ", ".join(parts)


def _by_name(statuses: list[StageStatus]) -> str:
    total = Counter(one.name for one in statuses)
    done = Counter(one.name for one in statuses if one.state == "done")
    return "  ".join(f"{name} {done[name]}/{total[name]}" for name in sorted(total))
