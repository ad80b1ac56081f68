"""What a main encoder is asked at a position, and what came of it.

Letters: B rows, P positions that are asked, D width, V pieces.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from lab.encoder.encoder import Embeddings


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Answers to (B, P) positions."""

    losses: Tensor
    """In nats (B, P)."""
    right: Tensor
    """Whether the likeliest answer is the right one (B, P)."""
    logits: Tensor | None = None
    """Of detection: that the piece was replaced (B, P)."""
    replaced: Tensor | None = None
    """Of detection: whether it was (B, P)."""


class Answer(nn.Module):
    """A head on the main encoder's vectors; made of an EncoderConfig."""

    name: ClassVar[str]
    """Of its numbers: `NAME_loss`, and `NAME_acc` where accuracy says something."""
    numbers: ClassVar[Sequence[str]]
    """Which of `loss` and `acc` are worth a line in the log."""

    @abstractmethod
    def forward(
        self, vectors: Tensor, read: Tensor, tokens: Tensor, embeddings: Embeddings
    ) -> Answered:
        """Vectors (B, P, D), the pieces that were read and the original ones (B, P)."""
