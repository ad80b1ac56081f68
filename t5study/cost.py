"""What a training is expected to take, and how it can be had for less memory; torch-free."""

from __future__ import annotations

from collections.abc import Iterator

from lab.memory import PROCESS, TrainingMemory
from lab.stage import Cost
from lab.text_to_text.config import ModelConfig
from lab.text_to_text.flops import training_flops
from lab.text_to_text.memory import training_memory
from t5study.config import Training


def training_cost(
    model: ModelConfig,
    *,
    steps: int,
    batch: int,
    inputs: int,
    targets: int,
    checkpoints: int,
    precision: str,
    training: Training,
) -> Cost:
    """Of so many steps, each on `batch` rows of `inputs` and `targets` tokens, on one device.

    `checkpoints` are the models that it may keep; `training` says how it is carried out.
    """
    recompute, rows = training.activation_checkpointing, training.micro_batch_size

    def memory(recompute: bool, rows: int | None) -> TrainingMemory:
        return training_memory(
            model,
            source=inputs,
            target=targets,
            batch=batch,
            precision=precision,
            recompute=recompute,
            micro_batch_size=rows,
        )

    now = memory(recompute, rows)
    others = {typed: memory(*how).total for typed, how in _thriftier(batch, recompute, rows)}
    return Cost(
        flops=steps * batch * training_flops(model, inputs, targets),
        tokens=steps * batch * (inputs + targets),
        memory_bytes=now.total + PROCESS,
        # At most one for each task whose best it is, and the last.
        disk_bytes=checkpoints * now.parameters + now.optimizer,
        device="any",
        splits=batch,
        thriftier={typed: n + PROCESS for typed, n in others.items() if n < now.total},
    )


def _thriftier(
    batch: int, recompute: bool, rows: int | None
) -> Iterator[tuple[str, tuple[bool, int | None]]]:
    """What to type, and what it makes of both settings; from what saves least to what saves most.

    Micro-batches come before recomputing: they take no more time.
    """
    largest = rows or batch
    halved = [2**power for power in reversed(range(largest.bit_length())) if 2**power < largest]
    for also in (False,) if recompute else (False, True):
        for size in (*((rows,) if also else ()), *halved):
            typed = ["training.activation_checkpointing=true"] if also else []
            if size != rows:
                typed.append(f"training.micro_batch_size={size}")
            yield " ".join(typed), (recompute or also, size)
