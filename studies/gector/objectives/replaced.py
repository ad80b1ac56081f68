"""Replaced-token detection, as ELECTRA: which pieces are a small masked language model's.

`generator` of the settings is its width and its feed-forward layers', as a share of the encoder's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.heads import Detection, MaskedLanguageModel
from lab.encoder.pretraining.detection import (
    detection_losses,
    draw,
    placed,
)
from lab.encoder.pretraining.pieces import piece_losses, total
from lab.encoder.pretraining.weights import DISCRIMINATOR_WEIGHT
from studies.gector.pretraining import Pretraining


def generator_shape(encoder: EncoderConfig, share: float) -> EncoderConfig:
    """The generator's shape: as deep, with the encoder's tables, and one head."""
    width = max(1, round(encoder.width * share))
    inner = max(1, round(encoder.feed_forward * share))
    return replace(encoder, width=width, feed_forward=inner, heads=1)


class Replaced(Pretraining):
    """Samples of the generator at the drawn positions, and at every one whether it is original."""

    def __init__(self, encoder: Encoder, share: float) -> None:
        super().__init__(encoder)
        self.generator = Encoder(generator_shape(encoder.config, share), encoder.embeddings)
        self.pieces = MaskedLanguageModel(self.generator.config)
        self.detection = Detection(encoder.config)
        self.begin([self.detection.out])

    def forward(self, rows: Mapping[str, Tensor]) -> Tensor:
        tokens, drawn, used, real = rows["tokens"], rows["drawn"], rows["used"], rows["real"]
        shown = placed(tokens, drawn, used, rows["seen"])
        logits = self.pieces(
            self.generator(shown, segments=real, at=drawn), self.encoder.embeddings
        )
        guessed = total(piece_losses(logits, tokens.gather(1, drawn)), used) / rows["slots"][0]
        uniform = torch.rand(drawn.shape, dtype=torch.float32, device=logits.device)
        read = placed(tokens, drawn, used, draw(logits, uniform))
        found = self.detection(self.encoder(read, segments=real))
        losses = detection_losses(found, read != tokens)
        detected = total(losses, real.bool()) / rows["length"][0]
        return guessed + DISCRIMINATOR_WEIGHT * detected


def build(encoder: Encoder, settings: Mapping[str, Any]) -> Pretraining:
    """With a generator of the settings' share."""
    return Replaced(encoder, settings["generator"])
