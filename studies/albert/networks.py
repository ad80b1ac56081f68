"""The network of a pre-training and the loss of a batch: pieces, and how two segments lie.

Letters: B rows, T positions, N slots, V pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.heads import MaskedLanguageModel, Pooler
from lab.encoder.initialization import initialize
from lab.encoder.pretraining.networks import EncoderNetworks
from lab.encoder.pretraining.pieces import likeliest, piece_losses, total
from lab.kernels.dense import Linear
from lab.training import checkpoint

EPSILON = 1e-5
"""Added to the number of predicted pieces, as released."""
LABELS = 2


class Networks(EncoderNetworks):
    """An encoder, the head that predicts pieces, and one that reads a pair off the pooled vector.

    Without a sentence loss pooler and sentence head stay as they begin.
    """

    def __init__(self, config: EncoderConfig, *, sentences: bool = True) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.masked = MaskedLanguageModel(config)
        self.pooler = Pooler(config)
        self.sentence = Linear(config.width, LABELS)
        self.sentences = sentences
        initialize(self, config.initializer_range)
        if not sentences:
            self.pooler.requires_grad_(False)
            self.sentence.requires_grad_(False)

    @property
    def reports(self) -> list[str]:
        """What the loss function reports, in its order."""
        of_pairs = ["sentence_loss", "sentence_acc"] if self.sentences else []
        return ["loss", "mlm_loss", "mlm_acc", *of_pairs]


def build(settings: Mapping[str, Any]) -> Networks:
    """New networks by a pre-training stage's settings."""
    return Networks(
        EncoderConfig(**settings["encoder"]), sentences=settings["sentence_loss"]["trained"]
    )


def load_networks(path: Path, *, device: str = "cpu") -> tuple[Networks, Mapping[str, Any]]:
    """The networks that a pre-training stage published, and its settings."""
    settings: Mapping[str, Any] = checkpoint.read(path)["config"]
    networks, _ = checkpoint.load(path, build, device=device)
    return networks, settings


@dataclass(frozen=True, kw_only=True)
class Passed:
    """What the networks made of a batch."""

    losses: Tensor
    """Nats of the right pieces at the slots (B, N)."""
    right: Tensor
    """Whether the likeliest piece is the right one (B, N)."""
    sentence_losses: Tensor
    """Nats of the right labels (B,)."""
    sentence_right: Tensor
    """Whether the likelier label is the right one (B,)."""


def run(networks: Networks, rows: Mapping[str, Tensor]) -> Passed:
    """All heads on rows as `batches.masked_pairs` makes them."""
    drawn, targets, labels = rows["drawn"], rows["targets"], rows["label"]
    at = F.pad(drawn, (1, 0))
    vectors = networks.encoder(rows["tokens"], rows["types"], segments=rows["real"], at=at)
    logits = networks.masked(vectors[:, 1:], networks.encoder.embeddings)
    of_pairs = networks.sentence(networks.pooler(vectors[:, 0]))
    return Passed(
        losses=piece_losses(logits, targets),
        right=likeliest(logits) == targets,
        sentence_losses=piece_losses(of_pairs, labels),
        sentence_right=likeliest(of_pairs) == labels,
    )


def loss(networks: Networks, rows: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The share of these rows in the batch's loss, and in what `reports` names.

    The loss is the mean over the predicted pieces of the batch, and with a sentence loss the mean
    over its rows too, unweighted.
    """
    passed = run(networks, rows)
    used, slots, share = rows["used"], rows["slots"][0] + EPSILON, rows["share"]
    trained = of_pieces = total(passed.losses, used) / slots
    reported = [of_pieces, (passed.right & used).sum() / slots]
    if networks.sentences:
        of_pairs = (passed.sentence_losses * share).sum()
        trained = trained + of_pairs
        reported += [of_pairs, (passed.sentence_right * share).sum()]
    return trained, torch.stack([trained, *reported]).detach()
