"""What to call a stage on a screen: its name, and which task, row and seed alone it is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sweeps.asking.rows import Sweep
from sweeps.graph import Graph


def stage_labels(sweeps: Iterable[Sweep]) -> dict[str, str]:
    """A label for each stage's key: `finetune for boolq, objective=span, seed 1`.

    A task, row or seed is named where the stage serves no other and there is another to tell it
    from: the vocabulary of a run of one task is no vocabulary of that task.
    """
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
    several = [of for of in (tasks, rows, seeds) if len(set().union(*of.values())) > 1]
    served = {key: [one for of in several if len(of[key]) == 1 for one in of[key]] for key in names}
    return {
        key: f"{name} for {', '.join(served[key])}" if served[key] else name
        for key, name in names.items()
    }
