"""What a study's trainings are expected to take, and how they can be had for less memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lab.encoder import cost
from lab.encoder.config import EncoderConfig
from lab.memory import PROCESS
from lab.stage import Cost
from studies.electra.budget import Budget


def pretraining(budget: Budget, *, steps: int, kept: int, precision: str, rows: int | None) -> Cost:
    """Of so many updates with `kept` checkpoints beside the last, of at most `rows` at once."""

    def memory(rows: int) -> float:
        of = partial(cost.training_bytes, rows=rows, tokens=budget.tokens, precision=precision)
        beside = of(budget.generator) if budget.generator else 0.0
        return beside + of(budget.encoder, predicted=round(rows * budget.predicted))

    return _training(
        memory,
        flops=steps * budget.flops,
        tokens=steps * budget.batch * budget.tokens,
        disk_bytes=(1 + kept) * 8.0 * budget.parameters,
        batch=budget.batch,
        rows=rows,
    )


def finetuning(
    encoder: EncoderConfig, *, steps: int, batch: int, length: int, precision: str, rows: int | None
) -> Cost:
    """Of so many updates on one data set."""

    def memory(rows: int) -> float:
        return cost.training_bytes(encoder, rows=rows, tokens=length, precision=precision)

    passes = steps * batch * (1 + cost.BACKWARD)
    return _training(
        memory,
        flops=passes * cost.forward_flops(encoder, length),
        tokens=steps * batch * length,
        disk_bytes=4.0 * cost.parameters(encoder),
        batch=batch,
        rows=rows,
    )


def reading(encoder: EncoderConfig, *, rows: int, length: int, models: int = 1) -> Cost:
    """Of so many rows read by each of the `models`, one after the other."""
    return Cost(
        flops=models * rows * cost.forward_flops(encoder, length),
        tokens=models * rows * length,
        memory_bytes=4.0 * cost.parameters(encoder) + PROCESS,
        device="any",
    )


def _training(
    memory: Callable[[int], float],
    *,
    flops: float,
    tokens: float,
    disk_bytes: float,
    batch: int,
    rows: int | None,
) -> Cost:
    largest = min(rows or batch, batch)
    fewer = [2**power for power in reversed(range(largest.bit_length())) if 2**power < largest]
    return Cost(
        flops=flops,
        tokens=tokens,
        memory_bytes=memory(largest) + PROCESS,
        disk_bytes=disk_bytes,
        device="any",
        splits=batch,
        thriftier={f"training.micro_batch_size={n}": memory(n) + PROCESS for n in fewer},
    )
