"""Losses of this study alone: a gate's, and those of constant answers (sections 2 and 3.4)."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from lab.encoder.pretraining.weights import DISCRIMINATOR_WEIGHT


def gated_losses(chances: Tensor, gate: Tensor, read: Tensor) -> Tensor:
    """Nats of pieces where a gate copies what was read: All-Tokens MLM (section 3.4).

    The log-probabilities (...) of the pieces by the softmax, the gate's logits (...) that it
    copies, and whether the piece is the one that was `read` (...).
    """
    predicted = F.logsigmoid(-gate) + chances
    copied = torch.logaddexp(predicted, F.logsigmoid(gate))
    return -torch.where(read, copied, predicted)


def constant_answer(replaced: float) -> float:
    """Loss in nats of a discriminator that always answers the share of replaced pieces."""
    return -(replaced * math.log(replaced) + (1.0 - replaced) * math.log(1.0 - replaced))


def untrained_loss(vocabulary: int, weight: float = DISCRIMINATOR_WEIGHT) -> float:
    """The whole loss of a uniform generator and a discriminator whose logit is 0."""
    return math.log(vocabulary) + weight * math.log(2.0)
