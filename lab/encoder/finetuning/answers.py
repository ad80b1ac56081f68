"""From a model to scores: answer inputs, compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lab.datasets.dataset import DataSet, Row
from lab.encoder.finetuning.inputs import Inputs
from lab.encoder.finetuning.kinds import Kind
from lab.encoder.finetuning.layout import InputBatches
from lab.encoder.finetuning.model import Finetuned
from lab.encoder.finetuning.rows import made_inputs
from lab.encoder.vocabulary import Pieces
from lab.parts import Parts

ANSWERED_AT_ONCE = {"cpu": 1 << 12, "cuda": 1 << 14}
"""Positions of a batch that is answered, by device type. More only take more of a CPU's memory."""


@dataclass(frozen=True, kw_only=True)
class Questions:
    """Rows with answers to compare with, and the inputs that they are."""

    data: DataSet
    kind: Kind
    rows: Sequence[Row]
    inputs: Inputs
    batches: InputBatches

    @classmethod
    def of(
        cls,
        data: DataSet,
        kind: Kind,
        rows: Sequence[Row],
        pieces: Pieces,
        length: int,
        threads: int | None = None,
    ) -> Questions:
        """Questions whose inputs are cut to `length` positions."""
        inputs = made_inputs(data, kind, rows, pieces, length, threads=threads)
        batches = InputBatches(inputs, pieces, length)
        return cls(data=data, kind=kind, rows=rows, inputs=inputs, batches=batches)

    @property
    def targets(self) -> list[Any]:
        """What predictions are compared with."""
        return [self.kind.target(row) for row in self.rows]

    def score(self, predictions: Sequence[Any]) -> dict[str, float]:
        """The data set's metrics, 0..100."""
        return self.data.score(self.targets, predictions)

    def parts(self, predictions: Sequence[Any]) -> list[Parts]:
        """What each prediction adds to the metrics."""
        return self.data.parts(self.targets, predictions)

    def ceiling(self) -> dict[str, float]:
        """The metrics of the right answers."""
        return self.score([self.kind.right(row) for row in self.rows])

    def constant(self, train: Iterable[Row]) -> dict[str, float]:
        """The metrics of the best prediction that is the same for every row."""
        scores = [self.score([answer] * len(self.rows)) for answer in self.kind.constants(train)]
        return max(scores, key=self.data.mean)


def answer(model: Finetuned, questions: Questions, precision: str) -> list[Any]:
    """The prediction for each row, in order. The model is to be in evaluation mode."""
    return questions.kind.predictions(read(model, questions, precision), questions.inputs)


@torch.no_grad()
def read(model: Finetuned, questions: Questions, precision: str) -> dict[str, np.ndarray]:
    """What the head reads of each input, in order, arrays (N, ...) by name."""
    device = next(model.parameters()).device
    mixed = precision == "bf16-mixed"
    numbers, kept = [], []
    for chosen in questions.batches.sorted(ANSWERED_AT_ONCE[device.type]):
        arrays = questions.batches.of(chosen)
        batch = {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
            found = model.head.read(model(batch), batch)
        numbers.append(chosen)
        kept.append({name: value.float().cpu().numpy() for name, value in found.items()})
    back = np.argsort(np.concatenate(numbers))
    return {name: np.concatenate([one[name] for one in kept])[back] for name in kept[0]}
