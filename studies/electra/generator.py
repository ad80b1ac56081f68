"""What replaces pieces: logits at drawn positions, and what is made of them.

Letters: B rows, T positions, N drawn slots, G the generator's width, V pieces.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

Rows = Mapping[str, Tensor]
"""A batch as `studies.electra.batches` makes it."""


@dataclass(frozen=True, kw_only=True)
class Guess:
    """What a generator says of drawn slots (B, N)."""

    logits: Tensor
    """(B, N, V)."""
    losses: Tensor
    """Nats of the right pieces (B, N)."""
    right: Tensor
    """Whether the likeliest piece is the right one (B, N)."""
    samples: Tensor
    """Pieces (B, N) that carry no gradient."""
    temperature: float
    """That the samples were drawn at."""
    vectors: Tensor | None
    """What the logits were read off (B, N, G), where there is such a thing."""

    def sampled(self) -> Tensor:
        """Log-probabilities with which the samples were drawn (B, N), with their gradient."""
        chances = (self.logits / self.temperature).log_softmax(-1)
        return chances.gather(-1, self.samples.unsqueeze(-1)).squeeze(-1)


class Generator(nn.Module):
    """A distribution over pieces for each drawn slot; made of the stage's settings of it."""

    @abstractmethod
    def forward(self, rows: Rows, shown: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits (B, N, V) by the rows as `shown` (B, T), and the vectors that they come from."""

    def prepare(self, lines: Any, pieces: Any) -> None:
        """Take from the text and the vocabulary what does not come by learning."""
