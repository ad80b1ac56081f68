"""The records of a store's sweeps, by id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.errors import ReportError
from sweeps.errors import nearest
from sweeps.store import Store

LAST = "last"


def find_record(store: Path, id: str) -> dict[str, Any]:
    """A sweep's record by its name, or the newest by `last`; ReportError names the known ones."""
    place = Store(store)
    recorded = place.recorded()
    if not recorded:
        raise ReportError(
            f"The store {place.path} has no sweep yet. Run one with `python run.py`, "
            "or name another store with --store PATH."
        )
    found = recorded[-1] if id == LAST else place.find_record(id)
    if found is None:
        known = [one.name for one in recorded]
        raise ReportError(f"No sweep {id!r} in {place.path}. {nearest(id, [*known, LAST])}")
    return found.content


def known_ids(store: Path) -> list[str]:
    """What a store's sweeps go by, the newest first."""
    return [one.name for one in reversed(Store(store).recorded())]
