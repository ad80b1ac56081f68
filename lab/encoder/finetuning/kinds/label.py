"""One of some labels of a text or of a pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lab.datasets.dataset import DataSet, Row
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.heads import LabelHead
from lab.encoder.finetuning.inputs import Inputs, Texts, whole_rows
from lab.encoder.vocabulary import Pieces


class LabelKind:
    """Classification; see Kind."""

    def __init__(self, data: DataSet, head: Mapping[str, Any]) -> None:
        self.data = data
        self._vector = head["vector"]

    def learned(self, row: Row, texts: tuple[str, ...]) -> bool:
        """Every row with an answer."""
        return True

    def inputs(
        self, rows: Sequence[Row], texts: Texts, pieces: Pieces, length: int, threads: int | None
    ) -> Inputs:
        """Rows with their `label`."""
        labels = np.array([row.label for row in rows], dtype=np.int64)
        return whole_rows(texts, {"label": labels}, pieces, length, threads)

    def head(self, config: EncoderConfig) -> LabelHead:
        """See Kind."""
        return LabelHead(config, len(self.data.classes), self._vector)

    def predictions(self, kept: Mapping[str, np.ndarray], inputs: Inputs) -> list[int]:
        """The indices of the greatest logits."""
        found: list[int] = kept["logits"].argmax(-1).tolist()
        return found

    def together(self, read: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """The logarithm of the mean of the probabilities, as logits."""
        logits = np.stack([one["logits"].astype(np.float64) for one in read])
        chances = np.exp(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))
        return {"logits": np.log(chances.mean(0))}

    def target(self, row: Row) -> Any:
        """See Kind."""
        return {"group": row.group, "value": row.label} if self.data.grouped else row.label

    def right(self, row: Row) -> int:
        """See Kind."""
        assert row.label is not None
        return row.label

    def shown(self, answer: int) -> str:
        """The label's word."""
        return self.data.classes[answer]

    def constants(self, rows: Iterable[Row]) -> Sequence[int]:
        """Every label."""
        return range(len(self.data.classes))


KIND = LabelKind
