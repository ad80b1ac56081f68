"""A number: one output, and the squared error against the number's place in its range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from statistics import fmean
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F

from lab.datasets.dataset import DataSet, Row
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.inputs import Inputs
from lab.encoder.finetuning.whole_rows import FirstPosition, WholeRows


class ScoreKind(WholeRows):
    """Regression of a text or of a pair.

    Numbers are learned as 0 at the least and 1 at the most of the data set's range: of STS-B as
    label / 5 (Clark et al. 2020, released code).
    """

    def __init__(self, data: DataSet, head: Mapping[str, Any]) -> None:
        super().__init__(data, head)
        field: Any = data.fields[data.answer]
        bounded = isfinite(field.least) and isfinite(field.most)
        self._least: float = field.least if bounded else 0.0
        self._most: float = field.most if bounded else 1.0

    def answers(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """The place in the range."""
        numbers = np.array([row.score for row in rows], dtype=np.float64)
        return {"place": ((numbers - self._least) / (self._most - self._least)).astype(np.float32)}

    def head(self, config: EncoderConfig) -> nn.Module:
        """See Kind."""
        return FirstPosition(config, 1)

    def loss(self, outputs: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """See Kind."""
        return F.mse_loss(outputs.squeeze(-1), batch["place"], reduction="sum")

    def predictions(self, kept: Mapping[str, np.ndarray], inputs: Inputs) -> list[float]:
        """Numbers of the data set's scale; nothing holds them to its range."""
        places = kept["outputs"][:, 0].astype(np.float64)
        found: list[float] = (self._least + places * (self._most - self._least)).tolist()
        return found

    def target(self, row: Row) -> float:
        """See Kind."""
        return self.right(row)

    def right(self, row: Row) -> float:
        """See Kind."""
        assert row.score is not None
        return row.score

    def shown(self, answer: float) -> str:
        """To two decimals."""
        return f"{answer:.2f}"

    def constants(self, rows: Sequence[Row]) -> Sequence[float]:
        """The mean."""
        return [fmean(row.score for row in rows if row.score is not None)] if rows else [0.0]


KIND = ScoreKind
