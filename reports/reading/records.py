"""The records of a store's sweeps, by id."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reports.errors import ReportError
from reports.reading.opened import origin
from sweeps.errors import nearest
from sweeps.shapes import record_fault
from sweeps.store import Store, read_json

LAST = "last"

log = logging.getLogger(__name__)


def find_record(store: Path, id: str) -> dict[str, Any]:
    """A sweep's record by its name, or the newest by `last`; ReportError names the known ones."""
    place = Store(store)
    recorded = place.records.all()
    for path in place.records.strange():
        if id in (place.records.name_of(path), path.name, str(path)):
            fault = record_fault(read_json(path)) or "it cannot be read"
            raise ReportError(
                f"{path} is no record of a sweep: {fault}. Run the sweep's command again, which "
                "writes it anew; finished stages are kept."
            )
        log.warning("%s: no record of a sweep can be read from it; it is left out.", path)
    if not recorded:
        raise ReportError(
            f"The store {origin(place.path)} has no sweep yet. Run one with `python run.py`, "
            "or name another store with --store PATH."
        )
    found = recorded[-1] if id == LAST else place.records.find(id)
    if found is None:
        known = [one.name for one in recorded]
        raise ReportError(f"No sweep {id!r} in {origin(place.path)}. {nearest(id, [*known, LAST])}")
    return found.content


def known_ids(store: Path) -> list[str]:
    """What a store's sweeps go by, the newest first."""
    return [one.name for one in reversed(Store(store).records.all())]


def flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """A nested mapping as dotted names and values; a list stays one value, as JSON."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from flat(inner, f"{prefix}.{name}" if prefix else str(name))
    elif prefix:
        plain = value is None or isinstance(value, str | int | float)
        yield prefix, value if plain else json.dumps(value)
