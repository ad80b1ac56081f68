"""A masked language model, as BERT and RoBERTa: 80% [MASK], 10% any piece, 10% the right one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from lab.encoder.encoder import Encoder
from lab.encoder.heads import MaskedLanguageModel
from lab.encoder.pretraining.detection import placed
from lab.encoder.pretraining.pieces import piece_losses, total
from studies.gector.pretraining import Pretraining


class Masked(Pretraining):
    """The original piece at each drawn position."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.pieces = MaskedLanguageModel(encoder.config)
        self.begin([])

    def forward(self, rows: Mapping[str, Tensor]) -> Tensor:
        tokens, drawn, used = rows["tokens"], rows["drawn"], rows["used"]
        read = placed(tokens, drawn, used, rows["seen"])
        vectors = self.encoder(read, segments=rows["real"], at=drawn)
        losses = piece_losses(
            self.pieces(vectors, self.encoder.embeddings), tokens.gather(1, drawn)
        )
        return total(losses, used) / rows["slots"][0]


def build(encoder: Encoder, settings: Mapping[str, Any]) -> Pretraining:
    """There is nothing to set."""
    return Masked(encoder)
