"""The generator maximizes the detector's loss by REINFORCE (appendix F)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from lab.errors import StudyError
from lab.kernels.dense import Linear
from studies.electra.algorithm import Algorithm
from studies.electra.answer import Answered
from studies.electra.generator import Generator, Guess, Rows
from studies.electra.generators.encoder import MaskedGenerator


class Adversarial(Algorithm):
    """A sample's reward is the detector's loss on it, minus a baseline that is learned.

    The detector's answer is taken to depend on that sample and the pieces that were left alone.
    The baseline, minus log-sigmoid of a number read off the generator's vector, is what the reward
    is expected to be; what it learns does not change the generator.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        if not isinstance(generator, MaskedGenerator):
            raise StudyError(
                "algorithm=adversarial: this generator cannot learn. Give one of kind encoder, or "
                "algorithm=joint."
            )
        self.expected = Linear(generator.encoder.config.width, 1)

    def forward(self, guess: Guess, answered: Answered, rows: Rows) -> Tensor:
        if answered.logits is None or answered.losses.shape != rows["tokens"].shape:
            raise StudyError(
                "algorithm=adversarial: its reward is a detector's loss at all positions. Give "
                "objective=electra, or algorithm=joint."
            )
        assert guess.vectors is not None
        reward = answered.losses.detach().gather(1, rows["drawn"]).float()
        logit = self.expected(guess.vectors.detach()).squeeze(-1)
        advantage = reward + F.logsigmoid(logit.detach().float())
        learned = F.binary_cross_entropy_with_logits(logit, (-reward).exp(), reduction="none")
        return learned - advantage * guess.sampled()


algorithm = Adversarial
