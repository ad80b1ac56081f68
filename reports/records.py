"""The records of a store's sweeps, by id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.errors import ReportError
from sweeps.errors import nearest
from sweeps.store import Store

LAST = "last"


def find_record(store: Path, id: str) -> dict[str, Any]:
    """A sweep's record by its id, or the newest by `last`; ReportError names the known ones."""
    records = {str(r.get("id", name)): r for name, r in Store(store).records()}
    if not records:
        raise ReportError(
            f"The store {Path(store).absolute()} has no sweep yet. Run one with `python run.py`, "
            "or name another store with --store PATH."
        )
    if id == LAST:
        return max(records.values(), key=lambda record: str(record.get("created", "")))
    if id not in records:
        raise ReportError(
            f"No sweep {id!r} in {Path(store).absolute()}. {nearest(id, [*records, LAST])}"
        )
    return records[id]


def known_ids(store: Path) -> list[str]:
    """The ids of a store's sweeps, the newest first."""
    records = [(str(r.get("created", "")), str(r.get("id", n))) for n, r in Store(store).records()]
    return [id for _, id in sorted(records, reverse=True)]
