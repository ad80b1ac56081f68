"""The claims of a command: those of its sweep file and those typed, about rows that are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from hydra.core.override_parser.types import Override

from sweeps.asking.axisclaims import claims_of_axes
from sweeps.asking.gridlabels import typed
from sweeps.asking.rows import Sweep
from sweeps.claims.columns import column_called, columns_of, parts_of
from sweeps.claims.published import published_columns
from sweeps.claims.statement import LEVEL, Claim, contradictions, names_of_rows, read_claims
from sweeps.columns import Column
from sweeps.errors import ConfigurationError, nearest
from sweeps.graph import Graph
from sweeps.hardware.devices import devices
from sweeps.study import Cell

OF_CLAIMS = ("claims", "claims.that", "claims.axes", "claims.level", "seeds.most")
"""Keys that make a table another one, with a record of its own, though its rows are the same."""
MakeCell = Callable[[Sweep, Sequence[str], int], Cell]
"""Makes a cell of a sweep, of a row's overrides and a seed."""
_SHORT, _FULL = "claims=[", "claims.that=["


def in_full(override: str) -> str:
    """`claims=[...]` as `claims.that=[...]`: to Hydra `claims` alone is a choice of a name."""
    return _FULL + override.removeprefix(_SHORT) if override.startswith(_SHORT) else override


def labelled(claim: Claim, labels: Mapping[str, str]) -> Claim:
    """A sweep file's claim about the labels that its rows have once they are filled."""
    return claim.renamed(lambda row: labels.get(row, row))


def typed_claims(entries: Any, sweep: Sweep, before: Sequence[Claim]) -> tuple[Claim, ...]:
    """The claims of a sweep, those typed for it after those `before`. Raises ConfigurationError."""
    rows = [
        (row.label, (row.name, typed(row.overrides) or None, "baseline" if row.baseline else None))
        for row in sweep.rows
    ]
    claims, complaints = read_claims(entries, *names_of_rows(rows))
    known = len({claim.number for claim in before})
    every = (*before, *(replace(claim, number=known + claim.number) for claim in claims))
    found = complaints or contradictions(every)
    if not found:
        found = unknown_columns(claims, sweep.cells[0].columns, sweep.study)
    if found:
        raise ConfigurationError([f"claims: {line.removeprefix('claims: ')}" for line in found])
    return every


def unknown_columns(
    claims: Iterable[Claim], columns: Sequence[Column], study: str, file: str | None = None
) -> list[str]:
    """Complaints about claims whose column no table has.

    A column of the published tables that this suite lacks is none: the claim then cannot be judged
    by this run. Nor can a file's claim about the average of a published table where this suite
    has no average.
    """
    where = f"{file}: " if file else ""
    averaged = file is not None and bool(published_columns(study))
    known = [column.name for column in columns]
    missing: dict[str, str] = {}
    for claim in claims:
        for name, column in columns_of(claim, columns):
            if column is None and not claim.columns:
                if averaged:
                    continue
                missing.setdefault(
                    name,
                    f"{where}claim {claim.number}: there is no average: name the claim's columns. "
                    f"Known: {', '.join(known)}.",
                )
            elif column is None and not _is_known(name, columns, study):
                missing.setdefault(
                    name,
                    f"{where}claim {claim.number}: columns: no column {name!r}. "
                    f"{nearest(name, known)}",
                )
    return list(missing.values())


def _is_known(name: str, columns: Sequence[Column], study: str) -> bool:
    """Whether published tables have what a claim calls so, or each part of it, if ours do not."""
    published = published_columns(study)
    ours = {column.name for column in columns}
    return name in published or parts_of(name, {*published, *ours}.__contains__) is not None


def level_of(run: Mapping[str, Any]) -> float:
    """The level of the claims; one out of bounds is complained of elsewhere."""
    level = float(run["claims"]["level"])
    return level if 0 < level <= 0.5 else LEVEL


def with_claims(
    sweep: Sweep, labels: Mapping[str, str], cell: MakeCell, run: Mapping[str, Any]
) -> Sweep:
    """A sweep of rows with its claims, its file's and those typed. Raises ConfigurationError.

    A grid for which nothing is typed has those of its axes. `labels` are the rows' labels as they
    are shown, by those of the file.
    """
    claims = tuple(labelled(claim, labels) for claim in sweep.claims)
    if entries := run["claims"]["that"]:
        claims = typed_claims(entries, sweep, claims)
    elif not (sweep.file or sweep.search) and (entries := run["claims"]["axes"]):
        claims = _of_axes(entries, sweep)
    if not claims:
        return sweep
    sweep = replace(sweep, claims=claims, level=level_of(run))
    return replace(sweep, further=partial(further, sweep, cell, run))


def _of_axes(entries: Any, sweep: Sweep) -> tuple[Claim, ...]:
    """The claims of a grid's axes in those of their columns that its table has.

    Raises ConfigurationError.
    """
    columns = sweep.cells[0].columns
    found = []
    for entry in claims_of_axes(entries, sweep):
        named = entry.get("columns")
        there = [name for name in named or (None,) if column_called(name, columns)]
        if there:
            found.append({**entry, "columns": there} if named else entry)
    return typed_claims(found, sweep, ()) if found else ()


def further(sweep: Sweep, cell: MakeCell, run: Mapping[str, Any]) -> dict[str, Any]:
    """What one more seed of each claimed row would cost, by the row's label and the stage's key.

    Counted are the hours of the device that plans count.
    """
    there = Graph(sweep.stages)
    device = devices().get(run["device"])
    if device is None:
        # Complained of with the other settings.
        return {}
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for row in sweep.rows:
        if row.label in sweep.claimed:
            stages = Graph(cell(sweep, row.overrides, row.next_seed).scores.values())
            rows[row.label] = {
                stage.key: {
                    "flops": float(stage.cost.flops),
                    "seconds": device.time(stage, run["share_of_peak"]),
                }
                for stage in stages
                if stage.key not in there
            }
    return {"device": device.name, "rows": rows}


def unread(
    sweeps: Sequence[Sweep], run: Mapping[str, Any], given: Iterable[tuple[str, Override]]
) -> list[str]:
    """Complaints about what is typed of claims where nothing reads it."""
    texts = {override.key_or_group: text for text, override in given}
    searches = [sweep for sweep in sweeps if sweep.search]
    if run["claims"]["that"] and searches:
        return [
            f"claims: {searches[0].id} is a search, whose rows are not known yet. Write its claims "
            "in its sweep file, by the labels of candidates."
        ]
    if run["claims"]["name"] != "decide":
        return [
            f"{texts[key]}: read by claims=decide alone, which adds seeds. Add it, or leave this "
            "out."
            for key in ("seeds.most", "claims.hours")
            if key in texts
        ]
    if searches:
        return [
            f"claims=decide: {searches[0].id} is a search, which decides by its own rule. Leave "
            "one of the two out."
        ]
    if sweeps and not any(sweep.claims for sweep in sweeps):
        return [
            "claims=decide: nothing is claimed. Write claims in the sweep file, or type "
            'claims=["A > B"] with the labels of two rows.'
        ]
    return []
