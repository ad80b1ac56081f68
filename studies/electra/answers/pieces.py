"""The original piece."""

from __future__ import annotations

from torch import Tensor

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Embeddings
from lab.encoder.heads import MaskedLanguageModel
from lab.encoder.pretraining.pieces import likeliest, piece_losses
from studies.electra.answer import Answer, Answered


class Pieces(Answer):
    """A masked language model's answer."""

    name, numbers = "mlm", ("loss", "acc")

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.pieces = MaskedLanguageModel(config)

    def forward(
        self, vectors: Tensor, read: Tensor, tokens: Tensor, embeddings: Embeddings
    ) -> Answered:
        logits = self.pieces(vectors, embeddings)
        return Answered(losses=piece_losses(logits, tokens), right=likeliest(logits) == tokens)


answer = Pieces
