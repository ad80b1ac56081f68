"""What training takes of a device's memory, from counts of parameters and activations; torch-free.

A study counts its model's parameters by shape and the bytes that a forward pass keeps; what the
optimizer, its update and the spreading over devices make of them is the same for every model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

FULL = 4
"""Bytes of a parameter, a gradient, and an entry of the optimizer's state."""
FACTORED_FROM = 128
"""AdaFactor factors the second moment of matrices whose smaller side has this many entries."""
STACKED = 1 << 26
"""Entries of parameters of one shape that AdaFactor updates together."""
PROCESS = 2**29 + 2**27 + 2**26
"""A worker that trains or decodes, without a model's tensors: its libraries (450 to 560 MiB), a
stage's data, compiled products and gaps between blocks, as measured (benchmarks/README.md)."""
READING_PROCESS = PROCESS + 2**26 + 2**25
"""A worker that decodes or reads with what trainings left in it: libraries of the scores besides,
and products of other shapes."""
DATA_PROCESS = 2**29
"""A worker that prepares data, with the libraries that it has imported meanwhile for trainings, or
that trains before it has done anything else."""
FIRST_PROCESS = 2**25 + 2**24
"""A worker at the very beginning of a run, before it has imported the libraries of later stages."""
CORPUS_PROCESS = 2**27 + 2**26
"""A worker that writes a corpus as pieces, before it has imported what trains."""
LINES_PROCESS = 2**28 + 2**27
"""A worker that writes a corpus as pieces of lines, early in a run."""

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class TrainingMemory:
    """Bytes on one device at the fullest moment of a training step."""

    parameters: int
    gradients: int
    optimizer: int
    """AdaFactor's second moments."""
    update: int
    """What an update takes besides, for the parameters of one shape that are updated together."""
    activations: int
    """All that the backward pass needs of the forward pass, loss and cast weights included."""
    working: int
    """One block more: recomputed, or gathered from the other devices."""
    accumulated: bool
    """Whether a later micro-batch meets the gradients of the ones before."""

    @property
    def total(self) -> int:
        """Activations are given up as gradients come, and all are gone when the update begins."""
        if self.accumulated:
            step = self.activations + self.gradients + self.working
        else:
            step = max(self.activations, self.gradients) + self.working
        return self.parameters + self.optimizer + max(step, self.gradients + self.update)


def memory_of_counts(
    shapes: Mapping[Shape, int],
    *,
    activations: int,
    working: int = 0,
    accumulated: bool = False,
    devices: int = 1,
) -> TrainingMemory:
    """Of a model with so many parameters of each shape, trained by AdaFactor in full precision.

    `activations` and `working` are bytes on one device. With several `devices`, parameters,
    gradients and the optimizer's state are spread over them, as FSDP does.
    """
    shards: Counter[Shape] = Counter()
    for shape, count in shapes.items():
        shards[_share(shape, devices)] += count
    parameters = FULL * sum(size(shape) * count for shape, count in shards.items())
    return TrainingMemory(
        parameters=parameters,
        gradients=parameters,
        optimizer=FULL * sum(_moments(shape) * count for shape, count in shards.items()),
        update=max(updated(shape, count) for shape, count in shards.items()),
        activations=activations,
        working=working,
        accumulated=accumulated,
    )


def updated(shape: Shape, count: int) -> int:
    """Copies of the parameters updated together: gradients, squares, factors and the product."""
    together = min(count, max(1, STACKED // size(shape)))
    return FULL * size(shape) * together * (4 if together > 1 else 3)


def pieces_process(lines: int) -> int:
    """A worker that finds the pieces of a vocabulary in so many lines of text, or in a corpus' all.

    Few corpora have a million; with more nothing was measured.
    """
    return 100 * 2**20 + 3500 * min(lines, 1_000_000)


def size(shape: Shape) -> int:
    """Entries of a parameter."""
    entries = 1
    for side in shape:
        entries *= side
    return entries


def compute_bytes(precision: str) -> int:
    """Bytes of a product's operands."""
    return {"64-true": 8, "32-true": 4}.get(precision, 2)


def residual_bytes(precision: str) -> int:
    """Bytes of what stays in full precision between layers."""
    return 8 if precision == "64-true" else 4


def _share(shape: Shape, devices: int) -> Shape:
    """The part of a parameter that the first of several devices holds: rows are dealt out."""
    return (-(-shape[0] // devices), *shape[1:])


def _moments(shape: Shape) -> int:
    if len(shape) > 1 and min(shape) >= FACTORED_FROM:
        return sum(shape)
    return size(shape)
