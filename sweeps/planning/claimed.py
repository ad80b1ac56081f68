"""What a sweep's claims could show with the seeds asked for, where a deviation is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sweeps.asking.record import record
from sweeps.asking.rows import Sweep
from sweeps.claims.columns import columns_of
from sweeps.claims.evidence import Difference, welch_freedom
from sweeps.claims.power import POWER, detectable
from sweeps.claims.published import published_rulers
from sweeps.claims.recorded import claimed_columns, recorded
from sweeps.claims.statement import Ruler
from sweeps.store import Store


def could_show(sweep: Sweep, store: Store) -> list[dict[str, Any]]:
    """For each claim and column the smallest difference (of `~`: margin) that it could show.

    What is counted is known without runs, and left out.
    The baseline's runs in the store give the deviation; where there are fewer than two, the
    published baseline's of a column with the same name; null without either.
    """
    if not sweep.claims:
        return []
    rulers = _own_rulers(sweep, store)
    runs = {row.label: len(row.cells) for row in sweep.rows}
    judged = [(c, *one) for c in sweep.claims for one in columns_of(c, sweep.cells[0].columns)]
    ours = {column.name for column in sweep.cells[0].columns}
    found = []
    for claim, name, column in judged:
        if column and column.counted:
            continue
        ruler = rulers.get(column.name) if column else None
        if ruler is None and name in ours:
            # Not of a mean of ours that stands for a published column: its tasks are others.
            ruler = published_rulers(sweep.study).get(name)
        size = None
        if ruler and ruler.deviation and all(runs.get(row) for row in claim.rows):
            evidence = _planned(ruler, [(w, runs[row]) for row, w in claim.weights.items()])
            size = detectable(evidence, sweep.level / len(judged), equal=claim.relation == "~")
        found.append(
            {
                "sweep": sweep.id,
                "that": claim.that,
                "relation": claim.relation,
                "column": name,
                "detectable": size,
                "ruler": ruler.source if ruler else None,
            }
        )
    return found


def _own_rulers(sweep: Sweep, store: Store) -> Mapping[str, Ruler]:
    """By the claimed columns' names, of the baseline's runs that are in the store."""
    baseline = tuple(row for row in sweep.rows if row.baseline)
    scored = [stage for row in baseline for cell in row.cells for stage in cell.scores.values()]
    if not any(store.place(stage.name, stage.key).is_dir() for stage in scored):
        return {}
    content = record(replace(sweep, rows=baseline))
    return recorded(content, store, claimed_columns(content)).rulers


def sentence(found: Mapping[str, Any]) -> str:
    """What one claim could show, for a reader."""
    about = f"Claim {found['that']} in {found['column']}: "
    if found["detectable"] is None:
        return about + "what it could show is known once the baseline has two finished seeds."
    what = "equality within a margin of" if found["relation"] == "~" else "a difference of"
    size = f"{found['detectable']:.3g}"
    by = f", by the deviation of {found['ruler']}" if found["ruler"] else ""
    return f"{about}these seeds would show {what} {size} with a chance of {POWER:.0%}{by}."


def _planned(ruler: Ruler, rows: Sequence[tuple[int, int]]) -> Difference:
    """The evidence of rows by their weights and runs, whose deviations are the ruler's."""
    weights, runs = zip(*rows, strict=True)
    parts = tuple(weight**2 * ruler.deviation**2 / count for weight, count in rows)
    own = min(runs) > 1
    return Difference(
        value=0.0,
        error=math.sqrt(sum(parts)),
        freedom=float(welch_freedom(parts, runs)) if own else ruler.runs - 1,
        deviation=ruler.deviation,
        weights=weights,
        runs=runs,
        parts=parts if own else None,
        method="planned",
    )
