"""Blocks that are computed again for their backward pass: the same numbers in less memory."""

from __future__ import annotations

import pytest
import torch

from lab.text_to_text.stack import Stack
from t5study.model import build_model

SIZES = {"vocab_size": 64, "d_model": 16, "d_ff": 32, "d_kv": 8, "num_heads": 2, "num_layers": 3}


def batch(architecture: str) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    made = {}
    for side, length in (("encoder", 12), ("decoder", 9)):
        tokens = torch.randint(3, 64, (4, length), generator=generator)
        made |= {f"{side}_input_tokens": tokens, f"{side}_segment_ids": torch.ones_like(tokens)}
    if architecture == "prefix_lm":
        prefix = torch.zeros_like(made["decoder_input_tokens"])
        prefix[:, :4] = 1
        made["decoder_causal_attention"] = prefix
    return made


def step(architecture: str, recompute: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor], int]:
    """Loss, gradients, and the bytes kept between the two passes, with dropout."""
    torch.manual_seed(0)
    model = build_model(architecture, "pico", **SIZES, dropout_rate=0.3).double().train()
    if recompute:
        model.recompute_blocks()
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage()._cdata] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = model.head(model.features(batch(architecture))).logsumexp(-1).sum()
    size = sum(storage.nbytes() for storage in kept.values())
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return loss, gradients, size


@pytest.mark.parametrize("architecture", ["encoder_decoder", "shared", "prefix_lm"])
def test_same_numbers_in_less_memory(architecture: str):
    """Bit for bit, dropout included; and something is saved."""
    loss, gradients, kept = step(architecture, recompute=False)
    other, others, kept_less = step(architecture, recompute=True)
    assert torch.equal(loss, other)
    assert gradients.keys() == others.keys()
    for name, gradient in gradients.items():
        assert torch.equal(gradient, others[name]), name
    assert kept_less < 0.7 * kept


def test_every_stack_recomputes():
    """Encoder and decoder alike; none does unless asked."""
    model = build_model("encoder_decoder", "pico", **SIZES)
    stacks = [module for module in model.modules() if isinstance(module, Stack)]
    assert [stack.recompute for stack in stacks] == [False, False]
    model.recompute_blocks()
    assert [stack.recompute for stack in stacks] == [True, True]
