"""What a tagger is trained on: labels, which sentences are read, which epochs are cold.

As released where the paper is silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from studies.gector.tags.tag import KEEP, first

CORRECT, INCORRECT = "CORRECT", "INCORRECT"


class Labels(NamedTuple):
    """What the two heads are to say of each token, $START first."""

    tags: list[str]
    detection: list[str]


def labels(tags: Sequence[Sequence[str]], longest: int | None = None) -> Labels:
    """Keep one tag a token, the first that is not KEEP; cut to `longest`, $START counted."""
    kept = [first(list(those)) for those in tags[:longest]]
    return Labels(kept, [CORRECT if tag == KEEP else INCORRECT for tag in kept])


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Which share of the sentences a stage of training reads."""

    correct: float = 1.0
    """Of sentences without an error (released: tn_prob); 0 in stages I and II."""
    errorful: float = 1.0
    """Of the others (released: tp_prob)."""
    apart: bool = True
    """Whether the two are told apart (released: skip_correct); else all go by `errorful`."""

    def keeps(self, detection: Sequence[str], draw: float) -> bool:
        """Return whether a sentence is read, by a uniform draw from [0, 1)."""
        right = self.apart and INCORRECT not in detection
        return draw <= (self.correct if right else self.errorful)


@dataclass(frozen=True, kw_only=True)
class ColdStart:
    """The first epochs train the heads alone, at a rate of their own."""

    epochs: int = 2
    rate: float = 1e-3
    then: float = 1e-5

    def is_cold(self, epoch: int) -> bool:
        """Return whether the encoder stands still in this epoch, counted from 0."""
        return epoch < self.epochs

    def rate_of(self, epoch: int) -> float:
        """Return the learning rate of an epoch."""
        return self.rate if self.is_cold(epoch) else self.then
