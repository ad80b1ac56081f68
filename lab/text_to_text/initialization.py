"""How the models start."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lab.text_to_text.config import ModelConfig
from lab.text_to_text.layers import Adapter, Attention, FeedForward, RMSNorm
from lab.text_to_text.relpos import RelativeBias

TRUNCATED_STD = 0.87962566103423978
"""Standard deviation of a unit normal that is cut at two standard deviations."""

ADAPTER_SCALE = 0.1
"""An adapter starts as nearly the identity; not as exactly that, because AdaFactor's steps are in
proportion to a matrix's size, and one that starts at 0 would stay there for thousands of steps."""


@torch.no_grad()
def initialize(model: nn.Module, config: ModelConfig) -> None:
    """Draw every parameter of `model` from torch's default generator, as the released code did.

    Logits are not divided by sqrt(d_kv); the query's scale makes up for it.
    """
    for module in model.modules():
        if isinstance(module, Attention):
            module.query.normal_(std=(config.d_model * config.d_kv) ** -0.5)
            module.key.normal_(std=config.d_model**-0.5)
            module.value.normal_(std=config.d_model**-0.5)
            module.output.normal_(std=config.inner**-0.5)
        elif isinstance(module, FeedForward):
            for weight in module.parameters(recurse=False):
                fan_in_normal(weight)
        elif isinstance(module, RMSNorm):
            module.weight.fill_(1.0)
        elif isinstance(module, RelativeBias):
            nn.init.xavier_uniform_(module.weight)
    for module in model.modules():
        if isinstance(module, Adapter):
            module.feed_forward.down.mul_(ADAPTER_SCALE)


def fan_in_normal(weight: Tensor) -> None:
    """Fill (out, in) with a truncated normal of standard deviation in^-0.5."""
    std = weight.shape[1] ** -0.5 / TRUNCATED_STD
    nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)
