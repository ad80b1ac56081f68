"""The claims of a sweep's record, and the evidence that its store holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sweeps.claims.columns import columns_of
from sweeps.claims.evidence import Evidence, Sample
from sweeps.claims.statement import Claim, Ruler
from sweeps.columns import Column, computed, recorded_columns
from sweeps.digests import read_description, stored_scores
from sweeps.errors import DamagedStageError
from sweeps.store import Store

DIVERGED = "diverged"
Read = Mapping[str, Mapping[str, Any]]


def recorded(
    record: Mapping[str, Any],
    store: Store,
    columns: Iterable[Column],
    seeds: Mapping[str, int] | None = None,
) -> Evidence:
    """The evidence of a sweep's record in these columns, by what its store holds now.

    `seeds` says by a row's label of how many of its seeds, from the first.
    """
    columns = list(columns)
    stages = record["stages"]
    scores: dict[str, Read | None] = {}

    def read(key: str) -> Read | None:
        if key not in scores:
            name = stages[key]["name"]
            scores[key] = _scores(store, name, key)
        return scores[key]

    @cache
    def said_diverged(key: str) -> bool:
        return _said_diverged(store, stages[key]["name"], key)

    @cache
    def diverged_before(key: str) -> bool:
        """Whether the newest failure of an unfinished stage, or of what it needs, is that."""
        if store.place(stages[key]["name"], key).is_dir():
            return False
        failures = store.failures(key)
        if failures and failures[-1].get("kind") == DIVERGED:
            return True
        return any(map(diverged_before, stages[key]["inputs"].values()))

    @cache
    def flops(key: str) -> float:
        return computed(stages[key], _facts(store, stages[key]["name"], key))

    def taken(cell: Mapping[str, Any]) -> float | None:
        """What a finished run computes; None of one that is not, or of which nothing says it."""
        if any(read(key) is None for key in cell["scores"].values()):
            return None
        return sum(map(flops, cell["stages"])) or None

    samples: dict[tuple[str, str], Sample] = {}
    rulers: dict[str, Ruler] = {}
    for row in record["rows"]:
        cells = _distinct(row["cells"])[: (seeds or {}).get(row["label"])]
        gone = [any(map(said_diverged, cell["scores"].values())) for cell in cells]
        for column in columns:
            values: list[float] = []
            diverged = 0
            for cell, stuck in zip(cells, gone, strict=True):
                if stuck and not column.despite_divergence:
                    diverged += 1
                    continue
                keys = cell["scores"]
                if column.counted:
                    value = taken(cell)
                else:
                    keys = {t: keys[t] for t in column.tasks if t in keys}
                    value = column.value({task: read(key) for task, key in keys.items()})
                if value is not None:
                    values.append(value)
                elif any(map(diverged_before, keys.values())):
                    diverged += 1
            sample = Sample.of(values, len(cells), diverged)
            samples[row["label"], column.name] = sample
            if row.get("baseline") and sample.deviation is not None:
                rulers[column.name] = Ruler(
                    deviation=sample.deviation,
                    runs=sample.runs,
                    source=f"the baseline's {sample.runs} runs",
                )
    return Evidence(samples=samples, rulers=rulers)


def _distinct(cells: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Two seeds that ask the same stages are one run, not two."""
    found: dict[tuple[tuple[str, str], ...], Mapping[str, Any]] = {}
    for cell in cells:
        found.setdefault(tuple(sorted(cell["scores"].items())), cell)
    return list(found.values())


def _scores(store: Store, name: str, key: str) -> Read | None:
    place = store.place(name, key)
    if not place.is_dir():
        return None
    try:
        return stored_scores(place)
    except DamagedStageError:
        return None


def _said_diverged(store: Store, name: str, key: str) -> bool:
    """Whether a finished stage says of what it scored that its training diverged."""
    return bool(_facts(store, name, key).get(DIVERGED))


def _facts(store: Store, name: str, key: str) -> Mapping[str, Any]:
    """What a finished stage says of its run; nothing of one that is not there, or damaged."""
    place = store.place(name, key)
    if not place.is_dir():
        return {}
    try:
        return read_description(place).get("facts") or {}
    except DamagedStageError:
        return {}


def recorded_claims(record: Mapping[str, Any]) -> tuple[Claim, ...]:
    """The claims of a sweep's record; a record from before there were any has none."""
    return tuple(Claim.from_json(one) for one in (record.get("claims") or {}).get("list", ()))


def claimed(record: Mapping[str, Any], column: Column) -> bool:
    """Whether a claim of the record is about this column."""
    return column in claimed_columns(record)


def claimed_columns(record: Mapping[str, Any]) -> list[Column]:
    """The columns that a record's claims are about."""
    known = recorded_columns(record)
    found: dict[str, Column] = {}
    for claim in recorded_claims(record):
        found |= {name: column for name, column in columns_of(claim, known) if column}
    return list(found.values())
