"""What trainings of encoders are expected to take, and how they can be had for less memory."""

from __future__ import annotations

from collections.abc import Callable

from lab.encoder import cost
from lab.encoder.config import EncoderConfig
from lab.memory import PROCESS, READING_PROCESS
from lab.stage import Cost


def finetuning(
    encoder: EncoderConfig,
    *,
    steps: int,
    batch: int,
    length: int,
    precision: str,
    rows: int | None,
    choices: int = 1,
) -> Cost:
    """Of so many updates on one data set, of whose rows each is `choices` inputs."""

    def memory(rows: int) -> float:
        inputs = choices * rows
        return cost.training_bytes(encoder, rows=inputs, tokens=length, precision=precision)

    passes = steps * batch * choices * (1 + cost.BACKWARD)
    return training(
        memory,
        flops=passes * cost.forward_flops(encoder, length),
        tokens=steps * batch * choices * length,
        disk_bytes=4.0 * cost.parameters(encoder),
        batch=batch,
        rows=rows,
    )


def reading(encoder: EncoderConfig, *, rows: int, length: int, models: int = 1) -> Cost:
    """Of so many rows read by each of the `models`, one after the other."""
    return Cost(
        flops=models * rows * cost.forward_flops(encoder, length),
        tokens=models * rows * length,
        memory_bytes=4.0 * cost.parameters(encoder) + READING_PROCESS,
        device="any",
    )


def training(
    memory: Callable[[int], float],
    *,
    flops: float,
    tokens: float,
    disk_bytes: float,
    batch: int,
    rows: int | None,
) -> Cost:
    """Of batches of which at most `rows` are on a device at once, by the memory that rows take."""
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
