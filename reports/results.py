"""What finished stages say, read once: an index beside the store spares reading them again."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.errors import ReportError
from reports.files import write_text
from sweeps.store import Store, read_json

INDEX = Path("index") / "results.json"
SCHEMA = 2
READ = ("stage.json", "scores.json")
"""The files whose size and time say whether an entry of the index still holds."""

READERS = 16
"""Files that are read at a time."""

log = logging.getLogger(__name__)

Scores = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a finished stage says about itself, and its files of scores."""

    provenance: Mapping[str, Any] = field(default_factory=dict)
    wall_seconds: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Scores] = field(default_factory=dict)
    """scores.json, and each file of reference scores that was asked for."""


class Results:
    """The finished stages of a store, by name and key."""

    def __init__(self, store: Path, references: tuple[str, ...] = ()) -> None:
        self.store = Store(store)
        self._names = (*READ, *dict.fromkeys(references))
        self._entries, self._provenances = self._load()
        self._numbers = {_canonical(p): i for i, p in enumerate(self._provenances)}
        self._seen: dict[str, Result | None] = {}
        self._changed = False

    def get(self, name: str, key: str) -> Result | None:
        """A finished stage; None for one that is not."""
        place = f"{name}/{key}"
        if place not in self._seen:
            self._keep(place, self._look(place))
        return self._seen[place]

    def flops(self, key: str, stage: Mapping[str, Any]) -> float:
        """What a stage of a record computes: as it counted itself, else as was planned; else 0."""
        result = self.get(str(stage["name"]), key)
        counted = result.facts.get("flops") if result else None
        return float(counted or stage.get("flops") or 0.0)

    def prefetch(self, stages: Iterable[tuple[str, str]]) -> None:
        """Read many stages, by name and key, side by side: a network's delays overlap."""
        places = [place for name, key in stages if (place := f"{name}/{key}") not in self._seen]
        with ThreadPoolExecutor(max_workers=READERS) as readers:
            for place, found in zip(places, readers.map(self._look, places), strict=True):
                self._keep(place, found)

    def save(self) -> None:
        """Keep what was read; a store that cannot be written only costs the next reader time."""
        if not self._changed:
            return
        index = {"schema": SCHEMA, "provenances": self._provenances, "entries": self._entries}
        try:
            write_text(self.store.path / INDEX, json.dumps(index))
        except ReportError as error:
            log.warning("The index was not kept: %s", error)
        self._changed = False

    def _load(self) -> tuple[dict[str, Any], list[Any]]:
        """Entries by place, and the provenances they name by number: many stages share one."""
        index = read_json(self.store.path / INDEX) or {}
        entries, provenances = index.get("entries"), index.get("provenances")
        if index.get("schema") != SCHEMA:
            return {}, []
        if not isinstance(entries, dict) or not isinstance(provenances, list):
            return {}, []
        return entries, provenances

    def _look(self, place: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The signs of a stage's files, and what they hold where the index does not know them."""
        folder = os.path.join(self.store.path, place)
        signs = {name: _sign(os.path.join(folder, name)) for name in self._names}
        known = (self._entries.get(place) or {}).get("signs", {})
        if signs["stage.json"] is None or all(known.get(n) == sign for n, sign in signs.items()):
            return signs, None
        return signs, {n: _object(os.path.join(folder, n)) for n, sign in signs.items() if sign}

    def _keep(self, place: str, found: tuple[dict[str, Any], dict[str, Any] | None]) -> None:
        signs, read = found
        if signs["stage.json"] is None:
            self._changed |= self._entries.pop(place, None) is not None
            self._seen[place] = None
            return
        if read is not None:
            stage = read.pop("stage.json")
            self._changed = True
            self._entries[place] = {
                "signs": signs,
                "provenance": self._number(stage.get("provenance") or {}),
                "wall_seconds": stage.get("wall_seconds"),
                "facts": stage.get("facts") or {},
                "files": {name: content for name, content in read.items() if content},
            }
        entry = self._entries[place]
        self._seen[place] = Result(
            provenance=self._provenances[entry["provenance"]],
            wall_seconds=entry["wall_seconds"],
            facts=entry["facts"],
            files=entry["files"],
        )

    def _number(self, provenance: Any) -> int:
        name = _canonical(provenance)
        if name not in self._numbers:
            self._numbers[name] = len(self._provenances)
            self._provenances.append(provenance)
        return self._numbers[name]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _sign(path: str) -> list[int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _object(path: str) -> dict[str, Any]:
    """The object in a file; empty when there is none, or none that can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            # NaN and Infinity are no JSON: a score that is one is a hole.
            value = json.load(file, parse_constant=lambda _: None)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
