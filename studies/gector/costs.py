"""What the study's stages are expected to take, from the settings alone."""

from __future__ import annotations

from lab.encoder import cost
from lab.encoder.config import EncoderConfig
from lab.memory import PROCESS, READING_PROCESS, residual_bytes
from lab.stage import Cost
from lab.text_to_text.config import ModelConfig
from lab.text_to_text.flops import forward_flops, parameters, training_flops
from lab.text_to_text.memory import training_memory
from studies.gector.config import Pretrain, StageSettings

REAL = {"pairs": 6749, "right": 10036}
"""About so many sentences real pairs train on."""
PIECES = 24
"""About so many pieces a sentence has."""
LONGEST = 2 * PIECES
"""About so many the longest of a batch has, to which the others are padded."""
JUDGED_AT_ONCE = 128
"""Sentences of validation in a batch."""
ROWS_AT_ONCE = 16
"""Sentences whose logits of all tags are made probabilities together, where nothing is learned."""
CORRECTED_AT_ONCE = 512
"""Sentences that go through the taggers together; of several taggers what each says of all tags is
kept meanwhile."""
COPIES = 8
"""Of a batch's logits of all tags, that a plan leaves room for where sentences are corrected."""


def sentences(settings: StageSettings) -> int:
    """About how many sentences a stage of training reads in a pass."""
    pairs = REAL["pairs"] if settings.pairs == "real" else settings.most or 0
    right = REAL["right"] if settings.right is None else settings.right
    wrong = pairs if settings.most is None else min(pairs, settings.most)
    return max(1, round(wrong + right * settings.correct))


def updates(settings: StageSettings) -> int:
    """How many updates a stage of training makes at most; of a pass over all pairs, about."""
    epoch = settings.updates or -(-sentences(settings) // settings.batch_size)
    return settings.epochs * epoch


def pretraining(
    encoder: EncoderConfig, settings: Pretrain, objective: str | None, precision: str
) -> Cost:
    """Of pre-training an encoder; a generator counts as much as its detector, at most."""
    rows, length = settings.steps * settings.batch_size, settings.length
    predicted = length if objective == "next_piece" else length * settings.masking_rate
    networks = 2 if objective == "replaced" else 1
    once = networks * cost.forward_flops(encoder, length)
    once += predicted * cost.prediction_flops(encoder)
    memory = networks * cost.training_bytes(
        encoder,
        rows=settings.batch_size,
        tokens=length,
        precision=precision,
        predicted=round(settings.batch_size * predicted),
    )
    return Cost(
        flops=rows * (1 + cost.BACKWARD) * once,
        tokens=rows * length,
        memory_bytes=memory + PROCESS,
        disk_bytes=16.0 * cost.parameters(encoder),
        device="any",
    )


def training(encoder: EncoderConfig, settings: StageSettings, tags: int, precision: str) -> Cost:
    """Of all epochs of a stage; early stopping may end it before."""
    rows = updates(settings) * settings.batch_size
    once = cost.forward_flops(encoder, PIECES) + 2.0 * PIECES * encoder.width * tags
    memory = cost.training_bytes(
        encoder, rows=settings.batch_size, tokens=LONGEST, precision=precision
    )
    # Logits of all tags, their probabilities and their gradient; of validation, in two orders.
    learned = 3.0 * residual_bytes(precision) * settings.batch_size
    memory += max(learned, 4.0 * 4 * JUDGED_AT_ONCE) * LONGEST * tags
    return Cost(
        flops=rows * (1 + cost.BACKWARD) * once,
        tokens=rows * PIECES,
        memory_bytes=memory + READING_PROCESS,
        disk_bytes=8.0 * cost.parameters(encoder),
        device="any",
    )


def correcting(
    encoder: EncoderConfig, *, rows: int, batch: int, rounds: int, tags: int, members: int
) -> Cost:
    """Of so many sentences read by each member in each round, at most."""
    once = cost.forward_flops(encoder, PIECES) + 2.0 * PIECES * encoder.width * tags
    models = members * 4.0 * cost.parameters(encoder)
    logits = 4.0 * COPIES * min(rows, batch) * LONGEST * tags
    return Cost(
        flops=members * rows * rounds * once,
        tokens=members * rows * rounds * PIECES,
        memory_bytes=models + logits + READING_PROCESS,
        device="any",
    )


def rewriting(model: ModelConfig, *, rows: int, batch: int, precision: str) -> Cost:
    """Of training a text-to-text model on so many pairs."""
    memory = training_memory(
        model, source=PIECES, target=PIECES, batch=batch, precision=precision
    ).total
    return Cost(
        flops=rows * training_flops(model, PIECES, PIECES),
        tokens=rows * 2 * PIECES,
        memory_bytes=memory + PROCESS,
        disk_bytes=8.0 * parameters(model),
        device="any",
    )


def writing(model: ModelConfig, *, rows: int, beam: int) -> Cost:
    """Of writing so many sentences anew."""
    return Cost(
        flops=rows * beam * forward_flops(model, PIECES, PIECES),
        tokens=rows * beam * PIECES,
        memory_bytes=4.0 * parameters(model) + READING_PROCESS,
        device="any",
    )
