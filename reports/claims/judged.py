"""A sweep's claims with both verdicts: by its own scores, and by the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.claims.published import PublishedClaims, published_claims
from reports.table import Row
from sweeps.claims.statement import Claim
from sweeps.claims.verdicts import Verdict, judge_record
from sweeps.store import Store


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A claim in one column."""

    claim: Claim
    column: str
    ours: Verdict | None
    """By the sweep's own scores; none where nothing was run."""
    published: Verdict | None
    """By the published scores; none where the sweep repeats no published table."""


@dataclass(frozen=True, kw_only=True)
class JudgedClaims:
    """All claims of a sweep; each column of a claim is one of them."""

    claims: tuple[Judged, ...]
    level: float
    published: PublishedClaims | None


def judged_claims(store: Path, record: Mapping[str, Any]) -> JudgedClaims | None:
    """The claims of a sweep's record as its store is now; None for a sweep without claims."""
    kept = record.get("claims")
    if not kept:
        return None
    claims = [Claim.from_json(one) for one in kept["list"]]
    level = float(kept["level"])
    rows = [
        Row(
            label=str(row["label"]),
            name=row.get("name"),
            baseline=bool(row.get("baseline")),
            scores=(),
        )
        for row in record["rows"]
    ]
    ours = judge_record(record, Store(store))
    theirs = published_claims(record, claims, rows, level)
    return JudgedClaims(
        claims=tuple(
            Judged(
                claim=one.claim,
                column=one.column,
                ours=one,
                published=theirs.verdicts[i] if theirs else None,
            )
            for i, one in enumerate(ours)
        ),
        level=level,
        published=theirs,
    )
