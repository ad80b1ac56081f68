"""One of some labels: their logits, and cross-entropy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F

from lab.datasets.dataset import Row
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.inputs import Inputs
from lab.encoder.finetuning.whole_rows import FirstPosition, WholeRows


class LabelKind(WholeRows):
    """Classification of a text or of a pair."""

    def answers(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """The right label's index."""
        return {"label": np.array([row.label for row in rows], dtype=np.int64)}

    def head(self, config: EncoderConfig) -> nn.Module:
        """See Kind."""
        return FirstPosition(config, len(self.data.classes))

    def loss(self, outputs: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """See Kind."""
        return F.cross_entropy(outputs, batch["label"], reduction="sum")

    def predictions(self, kept: Mapping[str, np.ndarray], inputs: Inputs) -> list[int]:
        """The indices of the greatest logits."""
        found: list[int] = kept["outputs"].argmax(-1).tolist()
        return found

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

    def constants(self, rows: Sequence[Row]) -> Sequence[int]:
        """Every label."""
        return range(len(self.data.classes))


KIND = LabelKind
