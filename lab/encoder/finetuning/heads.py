"""Heads of tasks on an encoder: the loss they are trained on, and what is read off them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from lab.encoder.config import EncoderConfig
from lab.encoder.heads import Labels

Batch = Mapping[str, Tensor]


class Head(nn.Module, ABC):
    """Reads answers off vectors (B, T, D) of a batch."""

    first = False
    """Whether it reads the first position alone: vectors are (B, 1, D) then."""

    @abstractmethod
    def loss(self, vectors: Tensor, batch: Batch) -> Tensor:
        """The loss of a batch, summed over its rows."""

    @abstractmethod
    def read(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """What a prediction is made of, arrays (B, ...) by name."""


class LabelHead(Head):
    """Dropout and a dense layer on the first position: logits of labels, and cross-entropy."""

    first = True

    def __init__(self, config: EncoderConfig, labels: int) -> None:
        super().__init__()
        self.labels = Labels(config, labels)

    def loss(self, vectors: Tensor, batch: Batch) -> Tensor:
        """Of the right `label` (B,)."""
        return F.cross_entropy(self._outputs(vectors), batch["label"], reduction="sum")

    def read(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """`logits` (B, L)."""
        return {"logits": self._outputs(vectors)}

    def _outputs(self, vectors: Tensor) -> Tensor:
        outputs: Tensor = self.labels(vectors.squeeze(1))
        return outputs.float()


class ScoreHead(Head):
    """The same with one output, and the squared error against `place` (B,)."""

    first = True

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.labels = Labels(config, 1)

    def loss(self, vectors: Tensor, batch: Batch) -> Tensor:
        """Of the right `place` (B,)."""
        return F.mse_loss(self._outputs(vectors), batch["place"], reduction="sum")

    def read(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """`place` (B,)."""
        return {"place": self._outputs(vectors)}

    def _outputs(self, vectors: Tensor) -> Tensor:
        outputs: Tensor = self.labels(vectors.squeeze(1))
        return outputs.squeeze(-1).float()
