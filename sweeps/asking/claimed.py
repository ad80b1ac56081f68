"""The claims of a command: those of its sweep file and those typed, about rows that are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sweeps.asking.gridlabels import typed
from sweeps.asking.rows import Sweep
from sweeps.claims.evidence import columns_of
from sweeps.claims.published import published_columns
from sweeps.claims.statement import Claim, contradictions, names_of_rows, read_claims
from sweeps.columns import Column
from sweeps.errors import ConfigurationError, nearest
from sweeps.hardware.devices import Device
from sweeps.stage import Stage

_SHORT, _FULL = "claims=[", "claims.that=["


def in_full(override: str) -> str:
    """`claims=[...]` as `claims.that=[...]`: to Hydra `claims` alone is a choice of a name."""
    return _FULL + override.removeprefix(_SHORT) if override.startswith(_SHORT) else override


def labelled(claim: Claim, labels: Mapping[str, str]) -> Claim:
    """A sweep file's claim about the labels that its rows have once they are filled."""
    left, right = (labels.get(row, row) for row in (claim.left, claim.right))
    return replace(claim, left=left, right=right)


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
    by this run.
    """
    where = f"{file}: " if file else ""
    known = [column.name for column in columns]
    missing: dict[str, str] = {}
    for claim in claims:
        for name, column in columns_of(claim, columns):
            if column is None and not claim.columns:
                missing.setdefault(
                    name,
                    f"{where}claim {claim.number}: there is no average: name the claim's columns. "
                    f"Known: {', '.join(known)}.",
                )
            elif column is None and name not in published_columns(study):
                missing.setdefault(
                    name,
                    f"{where}claim {claim.number}: columns: no column {name!r}. "
                    f"{nearest(name, known)}",
                )
    return list(missing.values())


def priced(
    further: Mapping[str, Iterable[Stage]], device: Device, share: float | None
) -> dict[str, Any]:
    """What the stages of a further seed cost on a device, by the row's label and by key."""
    return {
        "device": device.name,
        "rows": {
            label: {
                stage.key: {
                    "flops": float(stage.cost.flops),
                    "seconds": device.time(stage, share),
                }
                for stage in stages
            }
            for label, stages in further.items()
        },
    }
