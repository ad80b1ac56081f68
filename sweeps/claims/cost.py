"""What further seeds of a claim's rows cost, by what the plan counted of one more seed a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.claims.statement import Claim


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What further seeds cost."""

    flops: float
    hours: float
    """Of all of it, one stage after the other on one device."""
    device: str


def further_cost(record: Mapping[str, Any], claim: Claim, seeds: int) -> Cost | None:
    """What it costs to bring the rows of a claim to so many seeds; None where nobody counted.

    A stage that several rows' next seed needs is paid for once a seed.
    """
    counted = (record.get("claims") or {}).get("further")
    if not counted:
        return None
    rows = {row["label"]: row for row in record["rows"]}
    times: dict[str, int] = {}
    prices: dict[str, Mapping[str, float]] = {}
    for label in claim.rows:
        if label not in rows or label not in counted["rows"]:
            return None
        missing = max(0, seeds - len(rows[label]["cells"]))
        for key, price in counted["rows"][label].items():
            times[key] = max(times.get(key, 0), missing)
            prices[key] = price
    return Cost(
        flops=sum(times[key] * price["flops"] for key, price in prices.items()),
        hours=sum(times[key] * price["seconds"] for key, price in prices.items()) / 3600,
        device=str(counted["device"]),
    )
