"""What finished stages say, read once: an index beside the store spares reading them again."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import math
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from reports.errors import ReportError
from reports.files import write_text
from reports.reading.chosen import Chosen, chosen_scores
from sweeps.columns import computed
from sweeps.digests import (
    DESCRIPTION,
    FILES,
    SCORES,
    SEAL,
    SELECTION,
    seal_holds,
    sealed,
    unsealed,
)
from sweeps.store import Store

INDEX = Path("index") / "results.json"
SCHEMA = 5
READ = (DESCRIPTION, SCORES)
"""The files whose size and time say whether an entry of the index still holds."""

READERS = 16
"""Files that are read at a time."""

log = logging.getLogger(__name__)

Scores = Mapping[str, Mapping[str, Any]]
Found = tuple[dict[str, Any], dict[str, Any] | None]
"""The signs of a stage's files by name, and the index's entry if they had to be read."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a finished stage says about itself, and its files of scores."""

    provenance: Mapping[str, Any] = field(default_factory=dict)
    wall_seconds: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Scores] = field(default_factory=dict)
    """scores.json, and each file of reference scores that was asked for."""
    chosen: Chosen = field(default_factory=dict)
    """What a training's validation says of its checkpoints."""
    damage: str | None = None
    """The file that is not what was put there, if one is; nothing is read from it."""


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
        return computed(stage, result.facts if result else None)

    def prefetch(self, stages: Iterable[tuple[str, str]]) -> None:
        """Read many stages, by name and key, side by side: a network's delays overlap."""
        places = [place for name, key in stages if (place := f"{name}/{key}") not in self._seen]
        share = max(1, -(-len(places) // READERS))
        shares = [places[start : start + share] for start in range(0, len(places), share)]
        with ThreadPoolExecutor(max_workers=READERS) as readers:
            found = itertools.chain.from_iterable(readers.map(self._look_all, shares))
            for place, one in zip(places, found, strict=True):
                self._keep(place, one)

    def save(self) -> None:
        """Keep what was read; a store that cannot be written only costs the next reader time."""
        if not self._changed:
            return
        index = {"schema": SCHEMA, "provenances": self._provenances, "entries": self._entries}
        try:
            write_text(self.store.path / INDEX, sealed(index, indent=None))
        except ReportError as error:
            log.warning("The index was not kept: %s", error)
        self._changed = False

    def _load(self) -> tuple[dict[str, Any], list[Any]]:
        """Entries by place, and the provenances they name by number: many stages share one."""
        try:
            # What was changed since it was kept is no index: the files themselves are there.
            index, whole = unsealed((self.store.path / INDEX).read_bytes())
        except (OSError, ValueError):
            return {}, []
        entries, provenances = index.get("entries"), index.get("provenances")
        if index.get("schema") != SCHEMA or not whole:
            return {}, []
        if not isinstance(entries, dict) or not isinstance(provenances, list):
            return {}, []
        return entries, provenances

    def _look(self, place: str) -> Found:
        """The signs of a stage's files, and what they hold where the index does not know them."""
        folder = f"{self.store.path}/{place}"
        paths = {name: f"{folder}/{name}" for name in self._names}
        known = (self._entries.get(place) or {}).get("signs")
        if known:
            signs = {name: _sign(path) for name, path in paths.items()}
            if signs == {name: known.get(name) for name in paths}:
                return signs, None
        read = {name: _read(path) for name, path in paths.items()}
        signs = {name: sign for name, (sign, _) in read.items()}
        contents = {name: content for name, (sign, content) in read.items() if sign}
        if DESCRIPTION not in contents:
            return signs, None
        entry, digests = _entry(contents)
        # A finished stage's files stay as they are: this one is read once, where there is one.
        # Those of stages from before files were listed do not say what is read of them.
        chosen = chosen_scores(_read(f"{folder}/{SELECTION}")[1]) if SELECTION in digests else {}
        return signs, {**entry, "chosen": chosen}

    def _look_all(self, places: Iterable[str]) -> list[Found]:
        return [self._look(place) for place in places]

    def _keep(self, place: str, found: Found) -> None:
        signs, read = found
        if signs[DESCRIPTION] is None:
            self._changed |= self._entries.pop(place, None) is not None
            self._seen[place] = None
            return
        if read is not None:
            self._changed = True
            number = self._number(read["provenance"])
            self._entries[place] = {**read, "signs": signs, "provenance": number}
        entry = self._entries[place]
        self._seen[place] = Result(
            provenance=self._provenances[entry["provenance"]],
            wall_seconds=entry["wall_seconds"],
            facts=entry["facts"],
            files=entry["files"],
            damage=entry["damage"],
            chosen=entry["chosen"],
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
        return _size_and_time(os.stat(path))
    except OSError:
        return None


def _size_and_time(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns]


def _read(path: str) -> tuple[list[int] | None, bytes]:
    """The file's sign, None without one, and its content; empty when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return _size_and_time(os.fstat(file.fileno())), file.read()
    except OSError:
        return _sign(path), b""


def _decoded(content: bytes) -> tuple[dict[str, Any], bool]:
    """As `unsealed`, some times faster: a table reads thousands of small files."""
    holds = seal_holds(content)
    try:
        value = orjson.loads(content) if holds is not False else None
    except orjson.JSONDecodeError:
        value = None
    # A byte order mark, NaN, no object: the slower reader takes them, or says what is wrong.
    if not isinstance(value, dict):
        return unsealed(content)
    if holds:
        del value[SEAL]
    return value, bool(holds)


def _entry(contents: Mapping[str, bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the index keeps of a stage's files, and the digests of all files that it lists.

    Nothing is kept of a file that is not what was put there.
    """
    damage = None
    try:
        described, whole = _decoded(contents[DESCRIPTION])
        if FILES in described and not whole:
            raise ValueError
    except ValueError:
        described, damage = {}, DESCRIPTION
    kept = described.get(FILES)
    digests = kept if isinstance(kept, dict) else {}
    files = {}
    for name, content in contents.items():
        if name == DESCRIPTION:
            continue
        expected = _object(digests.get(name)).get("sha256")
        if expected is not None and hashlib.sha256(content).hexdigest() != expected:
            damage = damage or name
        elif damage != DESCRIPTION:
            scores = _scores(content)
            if scores is None:
                damage = damage or name
            elif scores:
                files[name] = scores
    facts, provenance = _object(described.get("facts")), _object(described.get("provenance"))
    entry = {
        "provenance": {
            **{name: v for name, v in provenance.items() if name != "packages" or _object(v)},
            "execution": _object(described.get("execution")) or None,
        },
        "wall_seconds": _number(described.get("wall_seconds")),
        "facts": {
            **facts,
            "flops": _number(facts.get("flops")),
            "notes": _texts(facts.get("notes")),
        },
        "files": files,
        "damage": damage,
    }
    return entry, digests


def _scores(content: bytes) -> dict[str, dict[str, Any]] | None:
    """The scores by task and metric in a JSON file; None for what holds anything else."""
    try:
        value, _ = _decoded(content)
    except ValueError:
        return None
    fits = isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())
    return value if fits else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and math.isfinite(value) else None


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
