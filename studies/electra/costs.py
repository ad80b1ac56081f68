"""What a study's trainings are expected to take, and how they can be had for less memory."""

from __future__ import annotations

from functools import partial

from lab.encoder import cost
from lab.encoder.suite.costs import training
from lab.stage import Cost
from studies.electra.budget import Budget


def pretraining(budget: Budget, *, steps: int, kept: int, precision: str, rows: int | None) -> Cost:
    """Of so many updates with `kept` checkpoints beside the last, of at most `rows` at once."""

    def memory(rows: int) -> float:
        of = partial(cost.training_bytes, rows=rows, tokens=budget.tokens, precision=precision)
        beside = of(budget.generator) if budget.generator else 0.0
        return beside + of(budget.encoder, predicted=round(rows * budget.predicted))

    return training(
        memory,
        flops=steps * budget.flops,
        tokens=steps * budget.batch * budget.tokens,
        disk_bytes=(1 + kept) * 8.0 * budget.parameters,
        batch=budget.batch,
        rows=rows,
    )
