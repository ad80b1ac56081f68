"""Adapters: where they are, how they start, what they cost."""

from __future__ import annotations

import pytest
import torch

from lab.errors import ModelError
from lab.text_to_text.config import ARCHITECTURES
from lab.text_to_text.flops import parameters
from t5study.model import build_model
from t5study.model.adapters import add_adapters, is_adapter, is_norm


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_block_gets_one_of_the_asked_width(architecture):
    """Matrices of d and a norm in each block, counted by the formula too."""
    model = build_model(architecture, "nano", vocab_size=32, num_layers=2)
    plain_count = parameters(model.config)
    add_adapters(model, 8)
    blocks = {block for group in model.blocks() for block in group}
    assert all(block.adapter.feed_forward.up.shape == (8, 64) for block in blocks)
    added = sum(p.numel() for name, p in model.named_parameters() if is_adapter(name))
    assert added == len(blocks) * (2 * 64 * 8 + 64)
    assert parameters(model.config) == plain_count + added
    built = build_model(architecture, "nano", vocab_size=32, num_layers=2, adapter_width=8)
    assert built.state_dict().keys() == model.state_dict().keys()


def test_they_start_near_the_identity_without_being_it():
    """The function hardly changes, and every adapter matrix gets a gradient."""
    torch.manual_seed(0)
    model = build_model(size="nano", vocab_size=32).eval()
    ids = torch.randint(2, 32, (4, 9))
    before = model(ids, ids).detach()
    add_adapters(model, 32)
    after = model(ids, ids)
    change = float((after - before).detach().norm() / before.norm())
    assert 0 < change < 0.1
    after.logsumexp(-1).sum().backward()
    for name, parameter in model.named_parameters():
        if is_adapter(name):
            assert parameter.grad.abs().sum() > 0, name


def test_names_tell_adapters_and_norms():
    """What the paper trains beside adapters is found by name: all layer norms."""
    model = build_model(size="nano", vocab_size=32, num_layers=1, adapter_width=4)
    names = [name for name, _ in model.named_parameters()]
    norms = {id(m.weight) for m in model.modules() if type(m).__name__ == "RMSNorm"}
    assert {n for n, p in model.named_parameters() if id(p) in norms} == set(filter(is_norm, names))
    assert sum(map(is_adapter, names)) == 2 * 3
    assert "encoder.blocks.0.adapter.norm.weight" in filter(is_norm, filter(is_adapter, names))


def test_a_second_set_is_refused():
    """The error says which width is there."""
    model = build_model(size="nano", vocab_size=32, adapter_width=4)
    with pytest.raises(ModelError, match="adapters of width 4 already"):
        add_adapters(model, 8)
