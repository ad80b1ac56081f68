"""Curves and scores of stages in wandb, where a run asks for it: a mirror that nothing reads."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.store import Store

VARIABLE = "SWEEPS_WANDB"
"""Carries the run's choice to its workers and jobs, which inherit the environment."""

LONGEST_TAG, LONGEST_GROUP = 64, 128
"""Characters that wandb takes."""

log = logging.getLogger(__name__)


def ask_for(mode: str) -> None:
    """Have the stages that this process starts mirrored: `off`, `offline` or `online`."""
    os.environ[VARIABLE] = mode


class Mirror:
    """One attempt at a stage as a segment of the wandb run that has the stage's key as its id.

    The run goes by the stage's row, task and seed, in the group of its sweep and row.

    Begun by the first number, so that a stage without any leaves no run. Under a fixed id a
    resumed stage goes on in the same run; a step that it trains again is dropped there, and has
    the same numbers. Whatever goes wrong is a line in the stage's log.
    """

    def __init__(self, store: Store, spec: Mapping[str, Any]) -> None:
        self._store = store
        self._spec = spec
        self._mode: Any = os.environ.get(VARIABLE, "off")
        self._run: Any = None

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """A point of the stage's curves."""
        if numbers:
            self._tell(lambda run: run.log(dict(numbers), step=step))

    def close(self, published: Path | None) -> None:
        """The scores of a stage that is published, and the end of this segment."""
        scores = published / "scores.json" if published else None
        if scores is not None and scores.is_file():
            tasks = json.loads(scores.read_bytes())
            flat = {
                f"score/{task}/{name}": v for task, of in tasks.items() for name, v in of.items()
            }
            self._tell(lambda run: run.log(flat))
        if self._run is not None:
            self._tell(lambda run: run.finish(exit_code=0 if published else 1))
            self._run = None

    def _tell(self, act: Callable[[Any], Any]) -> None:
        if self._mode == "off":
            return
        try:
            if self._run is None:
                self._run = self._begin()
            act(self._run)
        except Exception:
            log.warning("wandb does not mirror this stage any further", exc_info=True)
            self._mode = "off"

    def _begin(self) -> Any:
        import wandb

        spec = self._spec
        place = place_of(self._store, spec["key"])
        return wandb.init(
            project=os.environ.get("WANDB_PROJECT") or spec["run"].split(".")[0],
            id=spec["key"],
            name=place.name or f"{spec['name']} {spec['key']}",
            group=place.group or spec["name"],
            job_type=spec["name"],
            tags=[spec["name"], *place.tags],
            config={**spec["config"], "cell": place.cell},
            mode=self._mode,
            dir=self._store.path,
            resume="allow",
            settings=wandb.Settings(silent=True, console="off"),
        )


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a stage belongs among the rows of the newest sweep that asks for it."""

    name: str = ""
    """The stage with the task, row and seed that it is alone for."""
    group: str = ""
    """The sweep with the row, or the sweep alone where rows share the stage."""
    tags: tuple[str, ...] = ()
    """The overrides of the row, or those that all rows have which share the stage."""
    cell: Mapping[str, Any] = field(default_factory=dict)
    """Sweep, row, tasks and seeds, so that a page can group by each."""


def place_of(store: Store, key: str) -> Place:
    """Where the stage belongs, by the store's records: its key knows nothing of rows."""
    record = next(
        (r.record for r in reversed(store.records.all()) if key in r.record["stages"]), {}
    )
    rows, seeds, tasks = [], set(), set()
    for row in record.get("rows", ()):
        cells = [cell for cell in row["cells"] if key in cell["stages"]]
        if cells:
            rows.append(row)
            seeds |= {cell["seed"] for cell in cells}
            scored = {t for cell in cells for t, k in cell["scores"].items()}
            tasks |= {t for t in scored if _reads(record, cells, t, key)}
    if not rows:
        return Place()
    sweep = str(record.get("id"))
    labels = [str(row["label"]) for row in rows]
    shared = set.intersection(*({*row.get("overrides", ())} for row in rows))
    tags = [o for o in rows[0].get("overrides", ()) if o in shared]
    tags += ["baseline"] if all(row.get("baseline") for row in rows) else []
    return Place(
        name=str(record["stages"][key].get("label") or ""),
        group=_short(f"{sweep}: {labels[0]}" if len(labels) == 1 else sweep, LONGEST_GROUP),
        tags=tuple(dict.fromkeys(_short(tag, LONGEST_TAG) for tag in tags)),
        cell={
            "sweep": sweep,
            "row": labels[0] if len(labels) == 1 else f"shared by {len(labels)} rows",
            "rows": labels,
            "tasks": sorted(tasks),
            "seeds": sorted(seeds),
        },
    )


def _reads(record: Mapping[str, Any], cells: Iterable[Any], task: str, key: str) -> bool:
    """Whether a task's score in one of these cells comes from the stage."""
    stages = record["stages"]
    open_keys = [cell["scores"][task] for cell in cells if task in cell["scores"]]
    seen: set[str] = set()
    while open_keys:
        found = open_keys.pop()
        if found == key:
            return True
        if found not in seen:
            seen.add(found)
            open_keys += (stages.get(found) or {}).get("inputs", {}).values()
    return False


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
