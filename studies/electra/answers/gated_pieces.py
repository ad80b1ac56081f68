"""The original piece, behind a gate that copies what was read (All-Tokens MLM, section 3.4)."""

from __future__ import annotations

import torch
from torch import Tensor

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Embeddings
from lab.encoder.heads import Labels, MaskedLanguageModel
from studies.electra.answer import Answer, Answered
from studies.electra.detection import gated_losses


class GatedPieces(Answer):
    """p(v) = c [v was read] + (1 - c) softmax(v), where c is read off the vector too."""

    name, numbers = "mlm", ("loss", "acc")

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.pieces = MaskedLanguageModel(config)
        self.gate = Labels(config, 1)

    def forward(
        self, vectors: Tensor, read: Tensor, tokens: Tensor, embeddings: Embeddings
    ) -> Answered:
        chances = self.pieces(vectors, embeddings).log_softmax(-1)
        gate = self.gate(vectors).squeeze(-1)
        losses = gated_losses(_of(chances, tokens), gate, read == tokens)
        with torch.no_grad():
            top, likeliest = chances.max(-1)
            copied = -gated_losses(
                _of(chances, read), gate, torch.ones_like(read, dtype=torch.bool)
            )
            other = -gated_losses(top, gate, likeliest == read)
            right = torch.where(copied >= other, read, likeliest) == tokens
        return Answered(losses=losses, right=right)


def _of(chances: Tensor, pieces: Tensor) -> Tensor:
    return chances.gather(-1, pieces.unsqueeze(-1)).squeeze(-1)


answer = GatedPieces
