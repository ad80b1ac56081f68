"""What a person means by a word: a stage by (the start of) its key, or a cell by its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.asking.gridlabels import typed
from sweeps.errors import SweepError, nearest
from sweeps.records import Recorded
from sweeps.shapes import is_identity, is_spec
from sweeps.store import Store, read_json

_SHORTEST_PREFIX = 4


@dataclass(frozen=True, kw_only=True)
class RecordedCell:
    """One cell as the record of a sweep has it."""

    sweep: str
    row: str
    typed: str
    """The row's overrides, which name it too."""
    seed: int
    config: Mapping[str, Any]
    scores: Mapping[str, str]
    """The key of each task's evaluate stage."""
    stages: tuple[str, ...]

    @property
    def name(self) -> str:
        """The full address of the cell."""
        return f"{self.sweep}:{self.row}@{self.seed}"

    def answers_to(self, word: str) -> bool:
        """Whether `ROW`, `ROW@SEED`, `SWEEP:ROW` or `SWEEP:ROW@SEED` is this cell."""
        rows = (self.row, *filter(None, [self.typed]))
        words = [word for row in rows for word in (row, f"{row}@{self.seed}")]
        return word in (*words, *(f"{self.sweep}:{one}" for one in words))


def recorded_sweep(store: Store, word: str) -> Recorded:
    """The sweep that `word` names; SweepError names the known ones."""
    found = store.records.find(word)
    if found is None:
        known = nearest(word, [one.name for one in store.records.all()])
        raise SweepError(f"The store {store.path} has no sweep {word!r}. {known}")
    return found


def recorded_cells(store: Store, sweep: str | None = None) -> list[RecordedCell]:
    """The cells of one sweep, or of all, the newest sweep first."""
    found = store.records.all() if sweep is None else [recorded_sweep(store, sweep)]
    return [
        RecordedCell(
            sweep=one.name,
            row=row["label"],
            typed=typed(row.get("overrides") or ()),
            seed=cell["seed"],
            config=cell["config"],
            scores=cell["scores"],
            stages=tuple(cell["stages"]),
        )
        for one in reversed(found)
        for row in one.record["rows"]
        for cell in row["cells"]
    ]


def recorded_labels(store: Store) -> dict[str, str]:
    """What the sweeps' records call each stage, by key; the newest sweep's word counts."""
    return {
        key: stage["label"]
        for one in store.records.all()
        for key, stage in one.record["stages"].items()
        if stage.get("label")
    }


def known_stages(store: Store) -> dict[str, str]:
    """The name of every stage that the store has heard of, by key."""
    names = {spec["key"]: spec["name"] for spec in store.specs()}
    names.update((key, name) for name, key, _ in store.finished())
    return names


def identity(store: Store, key: str) -> dict[str, Any]:
    """Name, version, configuration and inputs of a stage, from its spec or its stage.json."""
    spec = read_json(store.spec_path(key))
    if is_spec(spec):
        return spec
    for name, finished, path in store.finished():
        if finished == key and is_identity(described := read_json(path / "stage.json")):
            return {**described, "name": name}
    raise SweepError(f"The store {store.path} knows no stage {key}.")


def find(store: Store, word: str) -> str | RecordedCell:
    """The key of the stage, or the cell, that `word` names.

    Raises SweepError when it names none, or is the start of several keys.
    """
    if len(word) >= _SHORTEST_PREFIX:
        keys = sorted(key for key in known_stages(store) if key.startswith(word))
        if len(keys) > 1 and word not in keys:
            raise SweepError(f"{word!r} starts {len(keys)} keys: {', '.join(keys[:5])}. Type more.")
        if keys:
            return keys[0]
    cells = recorded_cells(store)
    for cell in cells:
        if cell.answers_to(word):
            return cell
    rows = list(dict.fromkeys(cell.row for cell in cells))
    raise SweepError(
        f"{word!r} is neither a key ({_SHORTEST_PREFIX} or more of its first digits) nor a cell "
        f"(ROW, ROW@SEED, SWEEP:ROW or SWEEP:ROW@SEED) of {store.path}. {nearest(word, rows)}"
    )
