"""The generator has learned by itself, and is frozen while the main encoder learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lab.errors import ModelError, StudyError
from studies.electra.algorithm import Algorithm
from studies.electra.answer import Answered
from studies.electra.answers.pieces import Pieces
from studies.electra.generator import Generator, Guess, Rows
from studies.electra.generators.encoder import MaskedGenerator

if TYPE_CHECKING:
    from studies.electra.networks import Networks


class TwoStage(Algorithm):
    """The second stage. The first one is a masked language model's pre-training."""

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        if not isinstance(generator, MaskedGenerator):
            raise StudyError(
                "algorithm=two_stage: its generator is the masked language model of the first "
                "stage. Give a generator of kind encoder, or algorithm=joint."
            )
        generator.freeze()

    def forward(self, guess: Guess, answered: Answered, rows: Rows) -> Tensor:
        return torch.zeros_like(guess.losses)

    @staticmethod
    def begin(networks: Networks, masked: Networks) -> None:
        """Give both networks the weights of the first stage's encoder, the generator its head too.

        Raises ModelError where the first stage's networks are others than these.
        """
        made, head = networks.generator, masked.answer
        if not isinstance(made, MaskedGenerator) or not isinstance(head, Pieces):
            raise ModelError("two_stage begins with a masked language model; this is none.")
        for encoder in (networks.encoder, made.encoder):
            if encoder.config != masked.encoder.config:
                raise ModelError(
                    f"two_stage: the first stage trained {masked.encoder.config}, and here is "
                    f"{encoder.config}. Give both stages one shape."
                )
            encoder.load_state_dict(masked.encoder.state_dict())
        made.pieces.load_state_dict(head.pieces.state_dict())


algorithm = TwoStage
