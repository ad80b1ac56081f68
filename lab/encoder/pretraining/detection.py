"""Replaced-token detection: samples of a generator, and losses (Clark et al. 2020).

Letters: B rows, T positions, N drawn slots, V pieces. Label 1 says that a piece was replaced, as
in the released code; the published D is the probability of the other answer.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def sample(logits: Tensor, uniform: Tensor, temperature: float = 1.0) -> Tensor:
    """Pieces (...) drawn from logits (..., V), by numbers of [0, 1) of the same shape.

    The piece with the largest sum of logit and Gumbel noise, in the precision of `uniform`; the
    temperature divides the logits only. No gradient goes through.
    """
    noise = -torch.log(-torch.log(uniform))
    return (logits.detach().to(uniform) / temperature + noise).argmax(-1)


def draw(logits: Tensor, uniform: Tensor, temperature: float = 1.0) -> Tensor:
    """Pieces (...) drawn from logits (..., V), by one number of [0, 1) each (...).

    Distributed as what `sample` draws by a number a piece, in a fifth of its time.
    """
    reach = (logits.detach().float() / temperature).softmax(-1).cumsum(-1)
    whole = reach[..., -1:]
    wanted = uniform.to(reach).unsqueeze(-1) * whole
    # Rounded up, a number just below 1 would be beyond all pieces.
    below = torch.minimum(wanted, whole.nextafter(torch.zeros_like(whole)))
    return torch.searchsorted(reach, below, right=True).squeeze(-1)


def placed(pieces: Tensor, positions: Tensor, used: Tensor, values: Tensor) -> Tensor:
    """Pieces (B, T) with values at the used slots of positions (B, N); an unused one is the last.

    Of several values for one position the first stands.
    """
    first = (positions.unsqueeze(-1) == positions.unsqueeze(-2)).int().argmax(-1)
    written = torch.where(used, values, pieces.gather(1, positions)).gather(1, first)
    return pieces.scatter(1, positions, written)


def detection_losses(logits: Tensor, replaced: Tensor) -> Tensor:
    """Binary cross-entropy in nats at each position (...).

    Of a sample it is also what the adversarial generator gets for it (appendix F).
    """
    return F.binary_cross_entropy_with_logits(logits, replaced.to(logits), reduction="none")
