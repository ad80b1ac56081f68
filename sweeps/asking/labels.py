"""What to call a stage on a screen: its name, and which task, row and seed alone it is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sweeps.asking.rows import Sweep
from sweeps.graph import Graph
from sweeps.stage import Stage


def stage_labels(sweeps: Iterable[Sweep]) -> dict[str, str]:
    """A label for each stage's key: `finetune for boolq, objective=span, seed 1`.

    A task, row or seed is named where the stage serves no other and there is another to tell it
    from: the vocabulary of a run of one task is no vocabulary of that task.
    """
    targets: list[Stage] = []
    tasks, rows, seeds = (defaultdict[str, set[str]](set) for _ in range(3))
    for sweep in sweeps:
        for row in sweep.rows:
            for cell in row.cells:
                for task, target in cell.scores.items():
                    targets.append(target)
                    tasks[target.key].add(task)
                    rows[target.key].add(row.label)
                    seeds[target.key].add(f"seed {cell.seed}")
    graph = Graph(targets)
    names = {key: stage.name for key, stage in graph.stages.items()}
    # What a stage is for, all that it reads is for too.
    for key in reversed(graph.stages):
        for parent in graph.parents(key):
            for of in (tasks, rows, seeds):
                of[parent] |= of[key]
    several = [of for of in (tasks, rows, seeds) if len(set().union(*of.values())) > 1]
    served = {key: [one for of in several if len(of[key]) == 1 for one in of[key]] for key in names}
    return {
        key: f"{name} for {', '.join(served[key])}" if served[key] else name
        for key, name in names.items()
    }
