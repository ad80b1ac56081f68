"""A number for a text or for a pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from statistics import fmean
from typing import Any

import numpy as np

from lab.datasets.dataset import DataSet, Row
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.heads import ScoreHead
from lab.encoder.finetuning.inputs import Inputs, Texts, whole_rows
from lab.encoder.vocabulary import Pieces


class ScoreKind:
    """Regression; see Kind.

    Numbers are learned as 0 at the least and 1 at the most of the data set's range: of STS-B as
    label / 5 (Clark et al. 2020, released code).
    """

    def __init__(self, data: DataSet, head: Mapping[str, Any]) -> None:
        self.data = data
        self._vector = head["vector"]
        field: Any = data.fields[data.answer]
        bounded = isfinite(field.least) and isfinite(field.most)
        self._least: float = field.least if bounded else 0.0
        self._span: float = field.most - field.least if bounded else 1.0

    def learned(self, row: Row, texts: tuple[str, ...]) -> bool:
        """Every row with an answer."""
        return True

    def inputs(
        self, rows: Sequence[Row], texts: Texts, pieces: Pieces, length: int, threads: int | None
    ) -> Inputs:
        """Rows with their `place` in the range."""
        places = (np.array([row.score for row in rows]) - self._least) / self._span
        return whole_rows(texts, {"place": places.astype(np.float32)}, pieces, length, threads)

    def head(self, config: EncoderConfig) -> ScoreHead:
        """See Kind."""
        return ScoreHead(config, 1, self._vector)

    def predictions(self, kept: Mapping[str, np.ndarray], inputs: Inputs) -> list[float]:
        """Numbers of the data set's scale; nothing holds them to its range."""
        found: list[float] = (self._least + kept["place"].astype(float) * self._span).tolist()
        return found

    def together(self, read: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """The mean of the numbers."""
        return {"place": np.mean([one["place"] for one in read], axis=0)}

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

    def constants(self, rows: Iterable[Row]) -> Sequence[float]:
        """The mean."""
        numbers = [self.right(row) for row in rows]
        return [fmean(numbers) if numbers else 0.0]


KIND = ScoreKind
