"""An encoder with the head of a task, made for a fine-tuning and read again from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lab.encoder.checkpoint import load_encoder, pooler_weights
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.finetuning.heads import Batch, Head
from lab.encoder.finetuning.kinds import Kind
from lab.encoder.initialization import initialize
from lab.encoder.pretraining.networks import names
from lab.training import checkpoint


class Finetuned(nn.Module):
    """An encoder and a head."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, batch: Batch) -> Tensor:
        """The encoder's vectors that the head reads, of `tokens`, `types` and `real` (B, T).

        Of several choices each is an input of its own: T is theirs together.
        """
        tokens, types, real = (
            batch[name].reshape(self.head.choices * len(batch[name]), -1)
            for name in ("tokens", "types", "real")
        )
        at = tokens.new_zeros(len(tokens), 1) if self.head.first else None
        vectors: Tensor = self.encoder(tokens, types, segments=real, at=at)
        return vectors


def start(
    config: Mapping[str, Any], inputs: Mapping[str, Path], kind: Kind, device: str
) -> Finetuned:
    """The encoder of a pre-training, or a random one, under a new head.

    Which of a pre-training's encoders is said by `config["checkpoint"]`: its updates, or None for
    the last one. A head that reads rows through a pooler takes that of the pre-training, where it
    had one. Kernels of the head are drawn from Glorot's distribution, as the release of Clark
    et al. (2020) does, or from the normal one of the encoder.
    """
    if "pretrain" in inputs:
        of_encoder, of_networks = names(config["checkpoint"])
        encoder = load_encoder(inputs["pretrain"] / of_encoder)
    else:
        encoder = Encoder(EncoderConfig(**config["encoder"]))
    if config["dropout"] is not None:
        encoder = _with_dropout(encoder, config["dropout"])
    head = kind.head(replace(encoder.config, dropout=config["head"]["dropout"]))
    # The head first: it is the same whether the encoder is drawn or not.
    torch.manual_seed(config["seed"])
    deviation = encoder.config.initializer_range
    initialize(head, deviation, glorot=[head] if config["head"]["kernel"] == "glorot" else [])
    if "pretrain" in inputs and head.pooler is not None:
        pooled = pooler_weights(inputs["pretrain"], of_networks)
        if pooled is not None:
            head.pooler.load_state_dict(pooled)
    if "pretrain" not in inputs:
        initialize(encoder, deviation, glorot=[encoder.map] if encoder.map else [])
    return Finetuned(encoder, head).to(device)


def _with_dropout(encoder: Encoder, share: float) -> Encoder:
    """The same weights, of which others are left out."""
    settings = replace(encoder.config, dropout=share, attention_dropout=share)
    made = Encoder(settings)
    made.load_state_dict(encoder.state_dict())
    return made


def save(path: Path, model: Finetuned) -> None:
    """Write a fine-tuned model."""
    checkpoint.save(path, model, asdict(model.encoder.config))


def load(path: Path, kind: Kind, *, device: str) -> Finetuned:
    """The model that `save` wrote, whose head is that of `kind`."""

    def build(settings: Mapping[str, Any]) -> Finetuned:
        config = EncoderConfig(**settings)
        return Finetuned(Encoder(config), kind.head(config))

    model, _ = checkpoint.load(path, build, device=device)
    return model
