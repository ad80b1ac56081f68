"""A language model from left to right, as GPT-2: each piece by those before it.

Its encoder is to be a causal one: another sees what it predicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from lab.encoder.encoder import Encoder
from lab.encoder.heads import MaskedLanguageModel
from lab.encoder.pretraining.pieces import piece_losses, total
from studies.gector.pretraining import Pretraining


class NextPiece(Pretraining):
    """The piece behind each position of a row but the last."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.pieces = MaskedLanguageModel(encoder.config)
        self.begin([])

    def forward(self, rows: Mapping[str, Tensor]) -> Tensor:
        tokens, real = rows["tokens"], rows["real"]
        vectors = self.encoder(tokens, segments=real)
        logits = self.pieces(vectors[:, :-1], self.encoder.embeddings)
        losses = piece_losses(logits, tokens[:, 1:])
        return total(losses, real[:, 1:].bool()) / rows["following"][0]


def build(encoder: Encoder, settings: Mapping[str, Any]) -> Pretraining:
    """There is nothing to set."""
    return NextPiece(encoder)
