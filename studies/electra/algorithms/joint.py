"""The generator learns by maximum likelihood, at once with the main encoder: the default."""

from __future__ import annotations

from torch import Tensor

from studies.electra.algorithm import Algorithm
from studies.electra.answer import Answered
from studies.electra.generator import Guess, Rows


class Joint(Algorithm):
    """Of a generator that cannot learn the loss is a number in the log."""

    def forward(self, guess: Guess, answered: Answered, rows: Rows) -> Tensor:
        return guess.losses


algorithm = Joint
