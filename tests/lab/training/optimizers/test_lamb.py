"""LAMB as ALBERT was trained with it, and how its rate follows the batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.groups import ratio_groups
from lab.training.optimizers import get_optimizer
from lab.training.optimizers.lamb import trust_ratios
from lab.training.schedule import proportional_warmup, square_root_rate

RATE, DECAY, LOW, HIGH, EPSILON = 1e-2, 0.1, 0.9, 0.999, 1e-6


def by_formula(weight: Tensor, gradients: list[Tensor], *, ratio: bool, decay: float) -> Tensor:
    """w -= rate |w| / |u| u with u = m / (sqrt(v) + eps) + decay w."""
    first, second = torch.zeros_like(weight), torch.zeros_like(weight)
    for gradient in gradients:
        first = LOW * first + (1 - LOW) * gradient
        second = HIGH * second + (1 - HIGH) * gradient**2
        update = first / (second.sqrt() + EPSILON) + decay * weight
        weight = weight - RATE * (weight.norm() / update.norm() if ratio else 1.0) * update
    return weight


@pytest.mark.parametrize(
    ("dtype", "within"), [(torch.float64, 1e-12), (torch.float32, 1e-5)], ids=["double", "single"]
)
def test_updates_are_the_formulas_for_every_group(dtype: torch.dtype, within: float) -> None:
    torch.manual_seed(0)
    shapes = [(3, 5), (130, 33), (7,), (5,)]
    start = [torch.randn(shape, dtype=dtype) for shape in shapes]
    parameters = [nn.Parameter(one.clone()) for one in start]
    groups = [
        {"params": parameters[:2], "weight_decay": DECAY},
        {"params": parameters[2:], "weight_decay": 0.0, "trust_ratio": False},
    ]
    made = get_optimizer("lamb", groups, lr=RATE, betas=(LOW, HIGH), eps=EPSILON)
    gradients = [[torch.randn(shape, dtype=dtype) for shape in shapes] for _ in range(4)]
    for step in gradients:
        for parameter, gradient in zip(parameters, step, strict=True):
            parameter.grad = gradient.clone()
        made.step()
    for index, parameter in enumerate(parameters):
        whole = index < 2
        expected = by_formula(
            start[index],
            [step[index] for step in gradients],
            ratio=whole,
            decay=DECAY if whole else 0.0,
        )
        torch.testing.assert_close(parameter.detach(), expected, atol=within, rtol=within)


def test_matrices_that_are_one_parameter_have_ratios_of_their_own() -> None:
    """A step on three at once is a step on each of them."""
    torch.manual_seed(1)
    values = [torch.randn(4, 6) * size for size in (1.0, 10.0, 0.1)]
    gradients = [torch.randn(4, 6) for _ in values]
    together = nn.Parameter(torch.cat(values))
    together.grad = torch.cat(gradients)
    get_optimizer("lamb", [{"params": [together], "parts": 3}], lr=RATE).step()
    apart = [nn.Parameter(one) for one in values]
    for one, gradient in zip(apart, gradients, strict=True):
        one.grad = gradient
    get_optimizer("lamb", apart, lr=RATE).step()
    torch.testing.assert_close(together.detach(), torch.cat([one.detach() for one in apart]))


def test_spread_over_two_processes_a_matrix_has_its_own_ratios(tmp_path: Path) -> None:
    """Those of the whole one, and so in parts, one of which lies in both processes."""
    command = [sys.executable, Path(__file__).with_name("spread_lamb.py"), tmp_path / "meeting"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    processes = [
        subprocess.Popen(
            [*command, str(rank), "2"], stdout=subprocess.PIPE, text=True, env=environment
        )
        for rank in range(2)
    ]
    for process in processes:
        said, _ = process.communicate()
        assert process.returncode == 0
        found = json.loads(said.splitlines()[-1])
        assert len(found) == 2
        for spread, whole in found:
            torch.testing.assert_close(torch.tensor(spread), torch.tensor(whole))


def test_a_norm_of_zero_has_the_ratio_one() -> None:
    ones, zeros = torch.ones(4), torch.zeros(4)
    assert trust_ratios(zeros, ones).tolist() == [1.0]
    assert trust_ratios(ones, zeros).tolist() == [1.0]
    assert trust_ratios(torch.cat([3 * ones, zeros]), torch.ones(8), 2).tolist() == [3.0, 1.0]


def test_which_parameters_of_an_encoder_have_neither_ratio_nor_decay() -> None:
    config = EncoderConfig(
        vocabulary=20, width=8, layers=2, heads=2, feed_forward=16, embedding=4, sharing="all"
    )
    encoder = Encoder(config)
    found = ratio_groups(encoder, rate=1e-3, weight_decay=0.01)
    names = {id(p): name for name, p in encoder.named_parameters()}
    of = {
        (group["trust_ratio"], group["weight_decay"], group["parts"]): {
            names[id(p)] for p in group["params"]
        }
        for group in found
    }
    assert of[True, 0.01, 3] == {"attentions.0.inward.weight"}
    assert "embeddings.word" in of[True, 0.01, 1]
    assert all("norm" in name or "bias" in name for name in of[False, 0.0, 1])
    assert sum(map(len, of.values())) == len(names)
    assert len(of) == 3


def test_rate_and_warm_up_follow_the_batch() -> None:
    """5 / (2^1.5 1000) and 1/40 at 4,096, and what You et al. (2020) give at 512."""
    at_4096 = 5 / (2**1.5 * 1000)
    assert square_root_rate(512, rate=at_4096, at=4096) == pytest.approx(5 / (2**3 * 1000))
    assert proportional_warmup(512, share=1 / 40, at=4096) == pytest.approx(1 / 320)
    assert square_root_rate(4096, rate=0.00176, at=4096) == 0.00176
