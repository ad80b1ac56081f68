"""The tagger: an encoder, and two heads on each word's first subword (section 4).

Letters: B sentences, T pieces, N tokens with $START first, V tags, D width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.initialization import initialize
from lab.kernels.dense import Linear
from lab.training import checkpoint
from studies.gector import losses
from studies.gector.costs import ROWS_AT_ONCE
from studies.gector.encoders import build
from studies.gector.tags.vocabulary import TagVocabulary

Batch = Mapping[str, Tensor]
REPORTS = ("loss", "tag_loss", "error_loss")


class Logits(NamedTuple):
    """What the two heads say of each token."""

    tags: Tensor
    """(B, N, V)."""
    errors: Tensor | None
    """(B, N, 2), of CORRECT and INCORRECT; None where there is no error head."""


class Tagger(nn.Module):
    """An encoder with the heads of a list of tags; without an error head it is told by the tags."""

    def __init__(
        self,
        encoder: Encoder,
        tags: Sequence[str],
        *,
        error_head: bool = True,
        kind: str = "transformer",
    ) -> None:
        super().__init__()
        self.kind = kind
        """Of the encoder, by its name in studies.gector.encoders."""
        self.vocabulary = TagVocabulary(tuple(tags))
        self.encoder = encoder
        width = encoder.config.width
        self.tag_head = Linear(width, len(self.vocabulary))
        self.error_head = Linear(width, 2) if error_head else None

    def forward(self, batch: Batch) -> Logits:
        """Of `tokens` and `real` (B, T), and of the columns `at` (B, N) that words begin at."""
        vectors = self.encoder(batch["tokens"], segments=batch["real"], at=batch["at"])
        errors = None if self.error_head is None else self.error_head(vectors)
        return Logits(self.tag_head(vectors), errors)

    def probabilities(self, batch: Batch) -> Iterator[tuple[Tensor, Tensor]]:
        """Of tags (R, N, V), and that a token is wrong (R, N), which without a head KEEP says.

        For ROWS_AT_ONCE rows after the other: of all together they take several times the logits.
        """
        logits = self(batch)
        for start in range(0, len(logits.tags), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            tags = logits.tags[rows].float().softmax(-1)
            if logits.errors is None:
                yield tags, 1.0 - tags[..., 0]
            else:
                yield tags, logits.errors[rows].float().softmax(-1)[..., 1]

    def heads(self) -> list[nn.Linear]:
        """The layers that a training of tags begins with."""
        return [self.tag_head, *([self.error_head] if self.error_head is not None else [])]


def new_tagger(
    encoder: Encoder, tags: Sequence[str], *, error_head: bool, kind: str, seed: int
) -> Tagger:
    """A tagger whose heads are drawn by the seed; the encoder stays as it is."""
    made = Tagger(encoder, tags, error_head=error_head, kind=kind)
    torch.manual_seed(seed)
    for head in made.heads():
        initialize(head, encoder.config.initializer_range)
    return made


def new_encoder(kind: str, config: EncoderConfig, seed: int) -> Encoder:
    """An encoder that nothing was trained on, drawn by the seed; an LSTM as torch draws it."""
    torch.manual_seed(seed)
    made = build(kind, config)
    if isinstance(made, Encoder):
        initialize(made, config.initializer_range, glorot=[made.map] if made.map else [])
    return made


def load_encoder(path: Path, kind: str) -> Encoder:
    """The encoder that a stage published."""
    encoder, _ = checkpoint.load(
        path, lambda found: build(kind, EncoderConfig(**found)), device="cpu"
    )
    return encoder


def sentence_losses(model: Tagger, batch: Batch, smoothing: float) -> losses.Loss:
    """The mean over a batch's sentences, each of which is the mean over its tokens.

    `tags` (B, N) are classes, of which 0 is KEEP; `words` (B, N) says where a token is. Label
    smoothing is of the tag head alone.
    """
    logits, tags = model(batch), batch["tags"]
    surprise = _surprise(logits.tags, tags, smoothing)
    wrong = torch.zeros_like(surprise)
    if logits.errors is not None:
        wrong = _surprise(logits.errors, (tags != 0).long(), 0.0)
    return losses.loss(surprise, wrong, batch["words"])


def _surprise(logits: Tensor, classes: Tensor, smoothing: float) -> Tensor:
    """-log p of classes (B, N) by logits (B, N, C), where nothing is learned a few rows at once."""

    def of(logits: Tensor, classes: Tensor) -> Tensor:
        return F.cross_entropy(
            logits.float().transpose(1, 2), classes, reduction="none", label_smoothing=smoothing
        )

    if torch.is_grad_enabled():
        return of(logits, classes)
    parts = zip(logits.split(ROWS_AT_ONCE), classes.split(ROWS_AT_ONCE), strict=True)
    return torch.cat([of(*part) for part in parts])


def save_tagger(path: Path, model: Tagger) -> None:
    """Write a tagger with its list of tags."""
    settings = {
        "kind": model.kind,
        "encoder": asdict(model.encoder.config),
        "tags": [*model.vocabulary.tags],
        "error_head": model.error_head is not None,
    }
    checkpoint.save(path, model, settings)


def load_tagger(path: Path, *, device: str = "cpu") -> Tagger:
    """The tagger that `save_tagger` wrote."""

    def tagger(settings: Mapping[str, Any]) -> Tagger:
        kind = settings["kind"]
        encoder = build(kind, EncoderConfig(**settings["encoder"]))
        return Tagger(encoder, settings["tags"], error_head=settings["error_head"], kind=kind)

    model, _ = checkpoint.load(path, tagger, device=device)
    return model
