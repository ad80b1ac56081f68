"""Replaced-token detection: samples of the generator, labels and losses (sections 2 and 3.4).

Letters: B rows, T positions, N drawn slots, V pieces. Label 1 says that a piece was replaced, as
in the released code; the paper's D is the probability of the other answer.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

DISCRIMINATOR_WEIGHT = 50.0
"""Of the discriminator's loss, beside the generator's (appendix A)."""


def sample(logits: Tensor, uniform: Tensor, temperature: float = 1.0) -> Tensor:
    """Pieces (...) drawn from logits (..., V), by numbers of (0, 1) of the same shape.

    The piece with the largest sum of logit and Gumbel noise; the temperature divides the logits
    only. No gradient goes through.
    """
    noise = -torch.log(-torch.log(uniform.double()))
    return (logits.detach().double() / temperature + noise).argmax(-1)


def corrupt(ids: Tensor, positions: Tensor, used: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (B, T) with samples (B, N) at their used positions (B, N), and the labels (B, T).

    A sample that equals the original piece is real.
    """
    corrupted = ids.clone()
    rows = torch.arange(len(ids), device=ids.device).unsqueeze(1).expand_as(positions)
    corrupted[rows[used], positions[used]] = samples[used]
    return corrupted, (corrupted != ids).long()


def detection_loss(logits: Tensor, replaced: Tensor, counted: Tensor) -> Tensor:
    """Mean binary cross-entropy in nats over the positions (B, T) that count.

    ELECTRA counts all that is not padding; the 15% row of Table 5 only what was drawn.
    """
    losses = F.binary_cross_entropy_with_logits(logits, replaced.to(logits), reduction="none")
    return (losses * counted).sum() / counted.sum()


def generator_loss(logits: Tensor, targets: Tensor, used: Tensor) -> Tensor:
    """Mean cross-entropy in nats of pieces (N,) by logits (N, V), over the used slots (N,)."""
    losses = F.cross_entropy(logits, targets, reduction="none")
    return (losses * used).sum() / used.sum()


def copied(softmax: Tensor, copy: Tensor, inputs: Tensor) -> Tensor:
    """Probabilities of pieces where a gate copies the input: All-Tokens MLM (section 3.4).

    Softmax (..., V), the gate's probability (...) to copy, input pieces (...) -> (..., V).
    """
    gate = copy.unsqueeze(-1)
    return (1.0 - gate) * softmax + gate * F.one_hot(inputs, softmax.shape[-1])


def reward(real: Tensor, right: Tensor) -> Tensor:
    """What the adversarial generator gets for a sample: the discriminator's loss on it.

    `real` is the discriminator's probability that the sample is the original piece, `right` whether
    it is (appendix F).
    """
    return -torch.log(torch.where(right, real, 1.0 - real))


def constant_answer(replaced: float) -> float:
    """Loss in nats of a discriminator that always answers the share of replaced pieces."""
    return -(replaced * math.log(replaced) + (1.0 - replaced) * math.log(1.0 - replaced))


def untrained_loss(vocabulary: int, weight: float = DISCRIMINATOR_WEIGHT) -> float:
    """The whole loss of a uniform generator and a discriminator whose logit is 0."""
    return math.log(vocabulary) + weight * math.log(2.0)
