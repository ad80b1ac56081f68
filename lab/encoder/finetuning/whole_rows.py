"""What answers about whole rows have in common: an input each, read at its first position."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from lab.datasets.dataset import DataSet, Row
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.inputs import Inputs, Texts, cut_inputs
from lab.encoder.heads import Labels
from lab.encoder.vocabulary import Pieces


class FirstPosition(nn.Module):
    """Dropout and a dense layer on a row's first position."""

    def __init__(self, config: EncoderConfig, outputs: int) -> None:
        super().__init__()
        self.labels = Labels(config, outputs)

    def forward(self, vectors: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """(B, T, D) -> (B, outputs)."""
        read: Tensor = self.labels(vectors[:, 0])
        return read.float()


class WholeRows(ABC):
    """Rows of a data set as they are."""

    def __init__(self, data: DataSet, head: Mapping[str, Any]) -> None:
        self.data = data

    @abstractmethod
    def answers(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """What the loss reads of each row."""

    def inputs(
        self, rows: Sequence[Row], texts: Texts, pieces: Pieces, length: int, threads: int | None
    ) -> Inputs:
        """See Kind."""
        first, second, cut = cut_inputs(texts, pieces, length, threads)
        return Inputs(first=first, second=second, cut=cut, answers=self.answers(rows))

    def read(self, head: Any, outputs: Tensor, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See Kind."""
        return {"outputs": outputs}
