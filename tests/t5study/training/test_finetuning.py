"""What each fine-tuning method moves, step by step, in every architecture."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from lab.errors import StudyError
from lab.kernels.loss import cross_entropy
from lab.text_to_text.config import ARCHITECTURES
from lab.training.optimizers.adafactor import Adafactor
from t5study.batching import Layout, pack
from t5study.model import build_model
from t5study.training.finetuning import Method, get_method

PAIRS = [([5, 6, 7, 1], [8, 9, 1]), ([10, 11, 12, 13, 1], [14, 15, 16, 1])]


def model_of(architecture: str, depth: int) -> torch.nn.Module:
    """A model with `depth` blocks in each of its stacks."""
    torch.manual_seed(0)
    given = 2 * depth if architecture == "half" else depth
    return build_model(architecture, "nano", vocab_size=32, num_layers=given, dropout_rate=0.0)


def moved_by_step(model: torch.nn.Module, method: Method, steps: int) -> list[set[str]]:
    """The names of the parameters that each step changed, trained as a stage trains them."""
    method.prepare(model)
    layout = Layout(architecture=model.config.architecture, inputs_length=8, targets_length=8)
    batch = {name: torch.from_numpy(array) for name, array in pack(PAIRS, layout).items()}
    real = batch["decoder_loss_weights"].bool()
    optimizer = Adafactor([p for p in model.parameters() if p.requires_grad], lr=0.1)
    found = []
    for step in range(steps):
        before: dict[str, Tensor] = {n: p.detach().clone() for n, p in model.named_parameters()}
        method.at(model, step)
        logits = model.head(model.features(batch)[real])
        loss, _ = cross_entropy(logits, batch["decoder_target_tokens"][real])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append({n for n, p in model.named_parameters() if not torch.equal(p, before[n])})
    return found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("depth", "steps"), [(1, 3), (3, 7), (4, 4)])
def test_episodes_of_gradual_unfreezing(architecture, depth, steps):
    """Episode n begins at floor(n * steps / L) and trains blocks L - n to L, counted from 1.

    What is in no block (embedding, bias tables, final norms) trains from the first step on.
    """
    model = model_of(architecture, depth)
    names = [name for name, _ in model.named_parameters()]
    found = moved_by_step(model, get_method("gradual_unfreezing", steps), steps)
    for step, moved in enumerate(found):
        episode = max(n for n in range(depth) if math.floor(n * steps / depth) <= step)
        training = {f".blocks.{block - 1}." for block in range(depth - episode, depth + 1)}
        expected = {
            name for name in names if ".blocks." not in name or any(b in name for b in training)
        }
        assert moved == expected, step


def test_twelve_episodes_at_the_papers_steps():
    """At 12 blocks and 2^18 steps a block joins after each twelfth (section 3.5.1)."""
    model = build_model("encoder_decoder", "nano", vocab_size=8, num_layers=12, d_model=8, d_ff=8)
    method = get_method("gradual_unfreezing", 2**18)
    method.prepare(model)
    for episode in range(12):
        start = episode * 2**18 // 12
        for step, joined in ((start, episode + 1), (start - 1, episode)):
            if step < 0:
                continue
            get_method("gradual_unfreezing", 2**18).at(model, step)
            for stack in (model.encoder, model.decoder):
                trains = [
                    {parameter.requires_grad for parameter in block.parameters()}
                    for block in stack.blocks
                ]
                assert trains == [{False}] * (12 - joined) + [{True}] * joined
        assert model.embedding.requires_grad


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("width", [1, 7])
@pytest.mark.parametrize("norms", ["all", "own"])
def test_adapters_of_any_width_leave_the_rest_where_it_was(architecture, width, norms):
    """Adapters move with their norms, and with norms=all every other layer norm does."""
    model = model_of(architecture, 2)
    old = {name for name, _ in model.named_parameters()}
    method = get_method("adapters", 3, adapter_dim=width, norms=norms)
    found = set.union(*moved_by_step(model, method, 3))
    scales = {name for name in old if name.endswith("norm.weight")}
    added = {name for name, _ in model.named_parameters()} - old
    assert found - added == (scales if norms == "all" else set())
    blocks = {name.split(".adapter.")[0] for name in added}
    assert len(blocks) == len({block for pair in model.blocks() for block in pair})
    moved = {name.split(".adapter.")[0] for name in found & added}
    assert moved == blocks
    assert {
        p.shape for n, p in model.named_parameters() if n.endswith("adapter.feed_forward.up")
    } == {(width, model.config.d_model)}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_all_parameters_move(architecture):
    """The baseline's fine-tuning leaves nothing where it was."""
    model = model_of(architecture, 2)
    (moved,) = moved_by_step(model, get_method("all", 1), 1)
    assert moved == {name for name, _ in model.named_parameters()}


def test_unknown_method():
    """The nearest one is named."""
    with pytest.raises(StudyError, match=r"Unknown finetuning 'adapter'\. Did you mean 'adapters'"):
        get_method("adapter", 3)
