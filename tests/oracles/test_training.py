"""Oracle cases of the areas optimizer and lr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from lab.training.optimizers.adafactor import Adafactor, second_moment_decay
from lab.training.schedule import inverse_square_root

CASES = {
    case["case"]: case
    for case in json.loads(
        Path(__file__).with_name("cases").joinpath("t5study/training.json").read_text()
    )
}


def test_decay_of_the_second_moment():
    """The share of the past that each step keeps, steps counted from 0."""
    case = CASES["Adafactor decay beta2_t = 1-(t+1)^-0.8"]
    found = [second_moment_decay(step) for step in case["input"]]
    assert found == pytest.approx(case["expected"], abs=1e-8)


def test_optimizer_decays_by_it():
    """The optimizer's own memory after two steps follows the case's numbers."""
    case = CASES["Adafactor decay beta2_t = 1-(t+1)^-0.8"]
    parameter = torch.nn.Parameter(torch.ones(3, dtype=torch.float64).float())
    optimizer = Adafactor([parameter], lr=0.0)
    for gradient in (1.0, 2.0):
        parameter.grad = torch.full((3,), gradient)
        optimizer.step()
    beta = case["expected"][1]
    kept = optimizer.state[parameter]["second_moment"]
    torch.testing.assert_close(kept, torch.full((3,), beta * 1.0 + (1 - beta) * 4.0))


def test_small_matrix_can_be_factored():
    """With the threshold at 2 a 2 x 3 matrix is updated by its row and column means."""
    parameter = torch.nn.Parameter(torch.zeros(2, 3))
    gradient = torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])
    optimizer = Adafactor([parameter], lr=1.0, factor_from=2)
    parameter.grad = gradient.clone()
    optimizer.step()
    # Squares of rank 1 are rebuilt exactly: every entry of the update is 1, and the step
    # is scaled by the least RMS that a parameter counts with.
    torch.testing.assert_close(parameter.detach(), torch.full((2, 3), -1e-3))


def test_inverse_square_root_schedule():
    """Held for 10^4 steps, then the inverse square root of the step (section 3.1.2)."""
    rate = inverse_square_root(10_000)
    assert [rate(step) for step in (0, 10_000, 40_000)] == pytest.approx([0.01, 0.01, 0.005])
