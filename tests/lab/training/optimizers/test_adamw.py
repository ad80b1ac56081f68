"""AdamW as BERT was released with it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lab.training.optimizers import get_optimizer

RATE, DECAY, LOW, HIGH, EPSILON = 1e-2, 0.1, 0.9, 0.999, 1e-6


def by_formula(weight: Tensor, gradients: list[Tensor], decay: float) -> Tensor:
    """w -= rate (m / (sqrt(v) + eps) + decay w), with m and v as they are."""
    first, second = torch.zeros_like(weight), torch.zeros_like(weight)
    for gradient in gradients:
        first = LOW * first + (1 - LOW) * gradient
        second = HIGH * second + (1 - HIGH) * gradient**2
        weight = weight - RATE * (first / (second.sqrt() + EPSILON) + decay * weight)
    return weight


@pytest.mark.parametrize(
    ("dtype", "within"), [(torch.float64, 1e-13), (torch.float32, 1e-6)], ids=["double", "single"]
)
def test_updates_are_the_formulas_for_every_group(dtype: torch.dtype, within: float) -> None:
    """Shapes of any size, some without decay, from the first update on."""
    torch.manual_seed(0)
    shapes = [(3, 5), (), (7,), (130, 33)]
    start = [torch.randn(shape, dtype=dtype) for shape in shapes]
    parameters = [nn.Parameter(one.clone()) for one in start]
    groups = [
        {"params": parameters[:2], "weight_decay": DECAY},
        {"params": parameters[2:], "weight_decay": 0.0},
    ]
    made = get_optimizer("adamw", groups, lr=RATE, betas=(LOW, HIGH), eps=EPSILON)
    gradients = [[torch.randn(shape, dtype=dtype) for shape in shapes] for _ in range(4)]
    for step in gradients:
        for parameter, gradient in zip(parameters, step, strict=True):
            parameter.grad = gradient.clone()
        made.step()
    for index, parameter in enumerate(parameters):
        expected = by_formula(
            start[index], [step[index] for step in gradients], DECAY if index < 2 else 0.0
        )
        torch.testing.assert_close(parameter.detach(), expected, atol=within, rtol=within)


def test_a_parameter_without_a_gradient_stays() -> None:
    moved, left = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    made = get_optimizer("adamw", [moved, left], lr=RATE)
    moved.grad = torch.ones(3)
    made.step()
    assert (moved < 1).all()
    assert left.tolist() == [1.0, 1.0, 1.0]
