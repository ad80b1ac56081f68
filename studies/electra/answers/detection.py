"""Whether a piece was replaced."""

from __future__ import annotations

from torch import Tensor

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Embeddings
from lab.encoder.heads import Detection
from lab.encoder.pretraining.detection import detection_losses
from studies.electra.answer import Answer, Answered


class Detector(Answer):
    """Accuracy says nothing here: it is high for the constant answer that all pieces are real."""

    name, numbers = "detector", ("loss",)

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.detection = Detection(config)

    def forward(
        self, vectors: Tensor, read: Tensor, tokens: Tensor, embeddings: Embeddings
    ) -> Answered:
        logits = self.detection(vectors)
        replaced = read != tokens
        return Answered(
            losses=detection_losses(logits, replaced),
            right=(logits > 0) == replaced,
            logits=logits,
            replaced=replaced,
        )


answer = Detector
