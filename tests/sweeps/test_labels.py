"""What a stage is called on a screen."""

from __future__ import annotations

from sweeps.asking.labels import stage_labels
from sweeps.asking.rows import Row, Sweep
from sweeps.stage import Stage
from sweeps.study import Cell


def stage(name: str, reads: dict[str, Stage] | None = None, **config: int | str) -> Stage:
    return Stage(name=name, version=1, config=config, inputs=reads or {}, run="toy.work")


def test_a_task_a_row_and_a_seed_are_named_where_a_stage_serves_no_other() -> None:
    """Also by what reads it, through however many stages."""
    words = stage("vocabulary")
    rows = []
    for label in ("span", "iid"):
        cells = []
        for seed in (0, 1):
            learn = stage("pretrain", {"words": words}, row=label, seed=seed)
            scores = {}
            for task in ("boolq", "copa"):
                tune = stage("finetune", {"model": learn, "words": words}, task=task)
                scores[task] = stage("evaluate", {"model": tune}, task=task)
            cells.append(Cell(seed=seed, config={}, scores=scores, columns=()))
        rows.append(Row(label=label, name=label, overrides=(), baseline=False, cells=tuple(cells)))
    sweep = Sweep(id="toy", title="Toys", study="toy", rows=tuple(rows))
    labels = stage_labels([sweep])
    assert labels.pop(words.key) == "vocabulary"
    assert sorted(labels.values()) == sorted(
        f"{name} for {''.join(f'{task}, ' for task in tasks)}{row}, seed {seed}"
        for row in ("span", "iid")
        for seed in (0, 1)
        for name, *tasks in (
            ["pretrain"],
            ["finetune", "boolq"],
            ["finetune", "copa"],
            ["evaluate", "boolq"],
            ["evaluate", "copa"],
        )
    )
    one = Sweep(id="toy", title="Toys", study="toy", rows=(rows[0],))
    assert set(stage_labels([one]).values()) >= {"vocabulary", "pretrain for seed 0"}
