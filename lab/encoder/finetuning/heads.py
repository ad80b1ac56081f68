"""Heads of tasks on an encoder: the loss they are trained on, and what is read off them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from lab.encoder.config import EncoderConfig
from lab.encoder.heads import Labels, Pooler

Batch = Mapping[str, Tensor]


def first_position(vectors: Tensor, batch: Batch) -> Tensor:
    """(B, T, D) -> (B, D): of [CLS], as released."""
    return vectors[:, 0]


def mean_of_row(vectors: Tensor, batch: Batch) -> Tensor:
    """(B, T, D) -> (B, D): the mean over all that is `real` (B, T), special pieces too."""
    weights = batch["real"].to(vectors).unsqueeze(-1)
    return (vectors * weights).sum(1) / weights.sum(1)


VECTORS: Mapping[str, Callable[[Tensor, Batch], Tensor]] = {
    "first": first_position,
    "pooled": first_position,
    "mean": mean_of_row,
}
"""By the setting's value: the vector of a row that labels and numbers are read off.

"pooled" is that of the first position through a pooler, the pre-trained one where there is one.
"""


class Head(nn.Module, ABC):
    """Reads answers off vectors (B, T, D) of a batch.

    Of several choices a batch has their inputs side by side, and vectors are (B choices, T, D).
    """

    choices = 1
    """Inputs of a row."""

    first = False
    """Whether it reads the first position alone: vectors are (B, 1, D) then."""

    def __init__(self) -> None:
        super().__init__()
        self.pooler: Pooler | None = None
        """What it reads rows through, which goes on from that of a pre-training."""

    @abstractmethod
    def loss(self, vectors: Tensor, batch: Batch) -> Tensor:
        """The loss of a batch, summed over its rows."""

    @abstractmethod
    def read(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """What a prediction is made of, arrays (B, ...) by name."""


class RowHead(Head):
    """Dropout and a dense layer on a row's vector, which `vector` names."""

    def __init__(self, config: EncoderConfig, outputs: int, vector: str) -> None:
        super().__init__()
        self.labels = Labels(config, outputs)
        self._vector = VECTORS[vector]
        self.first = self._vector is first_position
        if vector == "pooled":
            self.pooler = Pooler(config)

    def outputs(self, vectors: Tensor, batch: Batch) -> Tensor:
        """(B, T, D) -> (B, L)."""
        read = self._vector(vectors, batch)
        if self.pooler is not None:
            read = self.pooler(read)
        outputs: Tensor = self.labels(read)
        return outputs.float()


class LabelHead(RowHead):
    """Logits of labels, and cross-entropy."""

    def loss(self, vectors: Tensor, batch: Batch) -> Tensor:
        """Of the right `label` (B,)."""
        return F.cross_entropy(self.outputs(vectors, batch), batch["label"], reduction="sum")

    def read(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """`logits` (B, L)."""
        return {"logits": self.outputs(vectors, batch)}


class ChoiceHead(LabelHead):
    """One logit for each choice of a row, and cross-entropy over them."""

    def __init__(self, config: EncoderConfig, choices: int, vector: str) -> None:
        super().__init__(config, 1, vector)
        self.choices = choices

    def outputs(self, vectors: Tensor, batch: Batch) -> Tensor:
        """(B choices, T, D) -> (B, choices)."""
        apart = {"real": batch["real"].reshape(len(vectors), -1)}
        return super().outputs(vectors, apart).view(-1, self.choices)


class ScoreHead(RowHead):
    """One output, and the squared error against `place` (B,)."""

    def loss(self, vectors: Tensor, batch: Batch) -> Tensor:
        """Of the right `place` (B,)."""
        return F.mse_loss(self._places(vectors, batch), batch["place"], reduction="sum")

    def read(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """`place` (B,)."""
        return {"place": self._places(vectors, batch)}

    def _places(self, vectors: Tensor, batch: Batch) -> Tensor:
        return self.outputs(vectors, batch).squeeze(-1)
