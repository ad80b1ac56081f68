"""What to call a stage on a screen: its name, and the task, row and seed that it is alone for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sweeps.asking.rows import Sweep
from sweeps.graph import Graph


def stage_labels(sweeps: Iterable[Sweep]) -> dict[str, str]:
    """A label for each stage's key, naming what only it serves."""
    names: dict[str, str] = {}
    tasks, rows, seeds = (defaultdict[str, set[str]](set) for _ in range(3))
    for sweep in sweeps:
        for row in sweep.rows:
            for cell in row.cells:
                for task, target in cell.scores.items():
                    for key, stage in Graph([target]).stages.items():
                        names[key] = stage.name
                        tasks[key].add(task)
                        rows[key].add(row.label)
                        seeds[key].add(f"seed {cell.seed}")
    return {
        key: " ".join(
            [name, *(one for of in (tasks, rows, seeds) if len(of[key]) == 1 for one in of[key])]
        )
        for key, name in names.items()
    }
