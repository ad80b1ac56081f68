"""Where the time of finished stages went: by kind of stage, and by part of its work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from sweeps.running.execute import SECONDS
from sweeps.running.progress import clock
from sweeps.store import Store, read_json
from sweeps.verbs.address import recorded_labels, recorded_sweep

BEFORE = "worker"
"""The part that lies before a stage's own time: the start of its process."""
OTHER = "other"
"""What no part says."""
_SHOWN = 5
_NEEDED = frozenset({"wall_seconds", "started", "finished"})


@dataclass(frozen=True, kw_only=True)
class StageTime:
    """The time of one finished stage."""

    name: str
    key: str
    seconds: float
    """Wall time, from the start of the attempt that finished to the end of its work."""
    parts: Mapping[str, float]
    """Of the process's start, of this time, and of publishing, which lie before and after it."""
    began: datetime
    ended: datetime


def stage_times(store: Store, sweep: str | None = None) -> list[StageTime]:
    """Of the finished stages of one sweep, or of all that the store has, as they ended."""
    known = None if sweep is None else recorded_sweep(store, sweep).record["stages"].keys()
    found = []
    for name, key, path in store.finished():
        if known is None or key in known:
            content = read_json(path / "stage.json")
            # One of an old version may not say when it ran.
            if content is not None and content.keys() >= _NEEDED:
                found.append(_time(name, key, content))
    return sorted(found, key=lambda one: one.ended)


def _time(name: str, key: str, content: Mapping[str, Any]) -> StageTime:
    parts = dict(content.get(SECONDS) or {})
    inside = sum(parts.values()) - parts.get(BEFORE, 0.0) - parts.get("publishing", 0.0)
    parts[OTHER] = max(0.0, content["wall_seconds"] - inside)
    return StageTime(
        name=name,
        key=key,
        seconds=content["wall_seconds"],
        parts=parts,
        began=datetime.fromisoformat(content["started"]),
        ended=datetime.fromisoformat(content["finished"]),
    )


def draw_times(store: Store, times: Iterable[StageTime]) -> Group:
    """Parts by kind of stage, their sums, and the stages that took longest."""
    times = list(times)
    if not times:
        return Group(Text("No stage has finished yet."))
    kinds = dict.fromkeys(one.name for one in times)
    parts = [part for part in dict.fromkeys(p for one in times for p in one.parts) if part != OTHER]
    parts.append(OTHER)
    table = Table(box=None, pad_edge=False)
    table.add_column("seconds of")
    for heading in (*kinds, "all", "share"):
        table.add_column(heading, justify="right")
    sums = {part: dict.fromkeys(kinds, 0.0) for part in parts}
    for one in times:
        for part, seconds in one.parts.items():
            sums[part][one.name] += seconds
    whole = sum(sum(by_kind.values()) for by_kind in sums.values())
    for part, by_kind in sums.items():
        total = sum(by_kind.values())
        share = f"{total / whole:.0%}" if whole else ""
        table.add_row(part, *(_seconds(by_kind[kind]) for kind in kinds), _seconds(total), share)
    of_kind = [sum(sums[part][kind] for part in parts) for kind in kinds]
    table.add_row("in all", *map(_seconds, of_kind), _seconds(whole), "")
    counts = Counter(one.name for one in times)
    table.add_row("stages", *(f"{counts[kind]:,}" for kind in kinds), f"{len(times):,}", "")
    passed = (max(one.ended for one in times) - min(one.began for one in times)).total_seconds()
    labels = recorded_labels(store)
    slowest = sorted(times, key=lambda one: -one.seconds)[:_SHOWN]
    return Group(
        table,
        Text(f"{clock(passed)} from the first start to the last end. The longest stages:"),
        *(
            Text(f"  {clock(one.seconds)}  {labels.get(one.key) or one.name} ({one.key[:8]})")
            for one in slowest
        ),
    )


def _seconds(value: float) -> str:
    return f"{value:,.1f}" if value else ""
