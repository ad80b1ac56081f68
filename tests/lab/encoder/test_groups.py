"""Rates by layer, weight decay by name, and the optimizer and schedule that BERT came with."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.groups import parameter_groups, rate_factor
from lab.encoder.heads import Labels
from lab.encoder.initialization import initialize
from lab.training.optimizers import get_optimizer
from lab.training.schedule import linear_decay

CONFIG = EncoderConfig(
    vocabulary=20, width=8, layers=3, heads=2, feed_forward=16, embedding=4, positions=8
)


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(CONFIG)
        self.labels = Labels(CONFIG, 2)
        initialize(self, 0.02)


@pytest.mark.parametrize(("form", "top"), [("released", 2), ("meant", 1)])
def test_each_layer_has_the_rate_of_its_depth(form: str, top: int) -> None:
    model = Classifier()
    groups = parameter_groups(
        model, rate=0.1, weight_decay=0.01, layers=3, layer_decay=0.5, form=form
    )
    names = {id(p): name for name, p in model.named_parameters()}
    rates = {names[id(p)]: group["lr"] for group in groups for p in group["params"]}
    assert rates.keys() == set(names.values())
    assert rates["labels.out.weight"] == 0.1
    assert rates["encoder.feed_forwards.2.up.weight"] == pytest.approx(0.1 * 0.5**top)
    assert rates["encoder.attentions.0.inward.bias"] == pytest.approx(0.1 * 0.5 ** (top + 2))
    for table in ("embeddings.word", "embeddings.norm.weight", "map.weight"):
        assert rates[f"encoder.{table}"] == pytest.approx(0.1 * 0.5 ** (top + 3))


def test_norms_and_biases_do_not_decay() -> None:
    groups = parameter_groups(Classifier(), rate=1.0, weight_decay=0.01, layers=3)
    model = Classifier()
    groups = parameter_groups(model, rate=1.0, weight_decay=0.01, layers=3)
    names = {id(p): name for name, p in model.named_parameters()}
    free = {names[id(p)] for g in groups if not g["weight_decay"] for p in g["params"]}
    assert free == {n for n in names.values() if n.endswith("bias") or ".norm." in n}
    assert "encoder.embeddings.word" not in free


def test_with_its_bias_corrected_it_would_be_torchs() -> None:
    """A rate and an epsilon that make up for the correction, step by step."""
    torch.manual_seed(0)
    ours, theirs = (nn.Parameter(torch.ones(4, 3, dtype=torch.float64)) for _ in range(2))
    one = get_optimizer("adamw", [ours], lr=0.01, betas=(0.9, 0.99), weight_decay=0.0)
    other = torch.optim.AdamW([theirs], lr=0.01, betas=(0.9, 0.99), weight_decay=0.0)
    for step in range(1, 6):
        gradient = torch.randn(4, 3, dtype=torch.float64)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        first, second = 1 - 0.9**step, (1 - 0.99**step) ** 0.5
        other.param_groups[0].update(lr=0.01 * first / second, eps=1e-6 / second)
        one.step()
        other.step()
    torch.testing.assert_close(ours, theirs)
    assert not torch.equal(ours, torch.ones(4, 3, dtype=torch.float64))


def test_the_first_update_is_as_released() -> None:
    """A moment of a tenth of the gradient, over the root of a thousandth of its square."""
    weight = nn.Parameter(torch.tensor([1.0, -2.0]))
    weight.grad = torch.tensor([0.5, 0.0])
    get_optimizer("adamw", [weight], lr=0.01, weight_decay=0.01).step()
    first = 1.0 - 0.01 * (0.05 / (0.00025**0.5 + 1e-6) + 0.01)
    torch.testing.assert_close(weight.detach(), torch.tensor([first, -2.0 + 0.01 * 0.01 * 2.0]))


def test_the_state_goes_on_from_where_it_was() -> None:
    """Saved and loaded between two updates, the third is the same to the bit."""

    def run(interrupted: bool) -> torch.Tensor:
        torch.manual_seed(1)
        weight = nn.Parameter(torch.ones(3))
        made = get_optimizer("adamw", [weight], lr=0.1)
        for step in range(3):
            if interrupted and step == 2:
                state = made.state_dict()
                made = get_optimizer("adamw", [weight], lr=0.1)
                made.load_state_dict(state)
            weight.grad = torch.randn(3)
            made.step()
        return weight.detach()

    assert torch.equal(run(False), run(True))


def test_rates_decay_through_the_warm_up_or_after_it() -> None:
    through, after = linear_decay(100, 10), linear_decay(100, 10, through_warmup=False)
    assert [through(step) for step in (0, 5, 10, 50, 100)] == pytest.approx(
        [0.0, 0.5 * 0.95, 0.9, 0.5, 0.0]
    )
    assert [after(step) for step in (0, 5, 9, 10, 100)] == pytest.approx([0.0, 0.5, 0.9, 0.9, 0.0])
    assert linear_decay(10, 0)(0) == 1.0


def test_the_head_has_the_whole_rate() -> None:
    assert rate_factor(13, 12, 0.8) == 1.0
