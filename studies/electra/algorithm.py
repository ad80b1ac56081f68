"""How the generator of an encoder that reads its samples is trained (section 3.2 and appendix F).

Letters: B rows, T positions, N drawn slots.
"""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from studies.electra.answer import Answered
from studies.electra.generator import Generator, Guess, Rows


class Algorithm(nn.Module):
    """The generator's loss; made of the generator, which it may freeze or add to."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()

    @abstractmethod
    def forward(self, guess: Guess, answered: Answered, rows: Rows) -> Tensor:
        """Its loss at each drawn slot (B, N), given what the main encoder answered."""
