"""How encoders start: as BERT did, or by how many numbers an output sums."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from lab.encoder.encoder import Embeddings


@torch.no_grad()
def initialize(model: nn.Module, deviation: float | None, glorot: Iterable[nn.Module] = ()) -> None:
    """Draw every parameter of `model` from torch's default generator.

    `deviation` is EncoderConfig's initializer_range. Biases are 0 and norms 1. Kernels inside of
    `glorot` come from Glorot's uniform distribution: in the release of Clark et al. (2020) the map,
    the detector's last layer and those of fine-tuning.
    """
    uniform = {id(one) for part in glorot for one in part.modules()}
    for module in model.modules():
        if isinstance(module, nn.Linear):
            if id(module) in uniform:
                nn.init.xavier_uniform_(module.weight)
            else:
                _normal(module.weight, deviation)
            module.bias.zero_()
        elif isinstance(module, nn.LayerNorm):
            module.weight.fill_(1.0)
            module.bias.zero_()
        elif isinstance(module, Embeddings):
            for table in (module.word, module.position, module.kind):
                _normal(table, deviation)


def _normal(weight: torch.Tensor, deviation: float | None) -> None:
    std = float(weight.shape[-1] ** -0.5 if deviation is None else deviation)
    nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)
