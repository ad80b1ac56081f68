"""Several models that write together (section 3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lab.errors import ModelError
from lab.text_to_text.config import unknown

AVERAGES = ("logits", "probabilities")


class EnsembleState:
    """The members' states, kept in the same order of rows."""

    def __init__(self, states: list[Any]) -> None:
        self.states = states

    def reorder(self, index: Tensor) -> None:
        """Go on with the rows `index` in every member."""
        for state in self.states:
            state.reorder(index)

    def widen(self, width: int) -> None:
        """Make each row `width` rows in every member."""
        for state in self.states:
            state.widen(width)


class Ensemble(nn.Module):
    """Models of one vocabulary that average their logits (the paper) or their probabilities.

    Averaged probabilities are returned as their logarithm. Raises ModelError for no members,
    unequal vocabularies or another average.
    """

    def __init__(self, models: Sequence[Any], average: str = "logits") -> None:
        super().__init__()
        if average not in AVERAGES:
            raise ModelError(unknown("average", average, AVERAGES))
        sizes = sorted({model.config.vocab_size for model in models})
        if len(sizes) != 1:
            raise ModelError(
                f"an ensemble needs members of one vocabulary; given are sizes {sizes}"
            )
        self.models: Any = nn.ModuleList(models)
        self.average = average

    def start(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> EnsembleState:
        """Have every member read the inputs (N, S)."""
        return EnsembleState([model.start(input_ids, attention_mask) for model in self.models])

    def step(self, tokens: Tensor, state: EnsembleState) -> tuple[Tensor, EnsembleState]:
        """Read one token a row (N,) and return the next one's averaged logits (N, V)."""
        members = zip(self.models, state.states, strict=True)
        logits = torch.stack([model.step(tokens, state)[0] for model, state in members])
        if self.average == "logits":
            return logits.mean(0), state
        return logits.softmax(-1).mean(0).log(), state
