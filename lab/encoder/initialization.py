"""How encoders start, as BERT did."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from lab.encoder.encoder import Embeddings

STANDARD_DEVIATION = 0.02


@torch.no_grad()
def initialize(model: nn.Module, glorot: Iterable[nn.Module] = ()) -> None:
    """Draw every parameter of `model` from torch's default generator.

    Tables and kernels come from a normal of STANDARD_DEVIATION that is cut at two of it, biases are
    0 and norms 1. Kernels inside of `glorot` come from Glorot's uniform distribution: in the
    release of Clark et al. (2020) the map, the detector's last layer and those of fine-tuning.
    """
    uniform = {id(one) for part in glorot for one in part.modules()}
    for module in model.modules():
        if isinstance(module, nn.Linear):
            if id(module) in uniform:
                nn.init.xavier_uniform_(module.weight)
            else:
                _normal(module.weight)
            module.bias.zero_()
        elif isinstance(module, nn.LayerNorm):
            module.weight.fill_(1.0)
            module.bias.zero_()
        elif isinstance(module, Embeddings):
            for table in (module.word, module.position, module.kind):
                _normal(table)


def _normal(weight: torch.Tensor) -> None:
    reach = 2 * STANDARD_DEVIATION
    nn.init.trunc_normal_(weight, std=STANDARD_DEVIATION, a=-reach, b=reach)
