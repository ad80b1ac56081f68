"""AdaFactor: against an independent implementation, and the rules it alone has."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from lab.training.optimizers.adafactor import Adafactor, factored_dims


def steps_of(optimizer: torch.optim.Optimizer, parameter: torch.nn.Parameter, count: int) -> None:
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimizer.step()


@pytest.mark.parametrize("shape", [(256, 128), (128, 300), (129,), (130, 130)])
def test_equals_an_independent_implementation(shape: tuple[int, ...]) -> None:
    """Ten steps on a matrix or vector equal those of the transformers library."""
    peer = pytest.importorskip("transformers.optimization").Adafactor
    start = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    steps_of(Adafactor([ours], lr=0.01), ours, 10)
    steps_of(
        peer([theirs], lr=0.01, relative_step=False, warmup_init=False, scale_parameter=True),
        theirs,
        10,
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_small_matrices_are_not_factored() -> None:
    """Only a matrix whose smaller dimension reaches the threshold is factored."""
    assert factored_dims(torch.Size((127, 4000)), 128) is None
    assert factored_dims(torch.Size((128, 4000)), 128) == (1, 0)
    assert factored_dims(torch.Size((4000, 128)), 128) == (0, 1)
    assert factored_dims(torch.Size((5000,)), 128) is None
    assert factored_dims(torch.Size((300, 2, 200)), 128) == (0, 2)


def test_factored_and_full_agree_on_a_rank_one_gradient() -> None:
    """The factored second moment is exact where squared gradients have rank one."""
    gradient = torch.outer(torch.rand(6) + 0.1, torch.rand(4) + 0.1)
    results = []
    for threshold in (2, 128):
        parameter = torch.nn.Parameter(torch.ones(6, 4))
        optimizer = Adafactor([parameter], lr=0.1, factor_from=threshold)
        for _ in range(3):
            parameter.grad = gradient.clone()
            optimizer.step()
        results.append(parameter.detach().clone())
    torch.testing.assert_close(results[0], results[1], rtol=1e-5, atol=1e-6)


def test_step_is_relative_to_the_parameter() -> None:
    """A first step moves by lr * max(RMS(parameter), 1e-3), whatever the gradient's scale."""
    for scale, expected in ((1.0, 0.01), (50.0, 0.5), (0.0, 0.01e-3)):
        parameter = torch.nn.Parameter(torch.full((8,), scale))
        parameter.grad = torch.full((8,), 1e4)
        Adafactor([parameter], lr=0.01).step()
        torch.testing.assert_close(parameter.detach(), torch.full((8,), scale - expected))


def test_decay_of_the_second_moment() -> None:
    """After two steps the moment is what 1 - (t + 1)^-0.8 weighs."""
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = Adafactor([parameter], lr=0.01)
    for value in (1.0, 3.0):
        parameter.grad = torch.full((2,), value)
        optimizer.step()
    beta = 1 - 2**-0.8
    expected = beta * 1.0 + (1 - beta) * 9.0
    torch.testing.assert_close(
        optimizer.state[parameter]["second_moment"], torch.full((2,), expected)
    )


def test_state_survives_a_round_trip() -> None:
    """Going on from a saved state equals never having stopped."""
    start = torch.randn(130, 140, generator=torch.Generator().manual_seed(3))
    whole, halves = (torch.nn.Parameter(start.clone()) for _ in range(2))
    generator = torch.Generator().manual_seed(1)
    gradients = [torch.randn(start.shape, generator=generator) for _ in range(4)]
    uninterrupted = Adafactor([whole], lr=0.01)
    for gradient in gradients:
        whole.grad = gradient.clone()
        uninterrupted.step()
    state = None
    for half in (gradients[:2], gradients[2:]):
        optimizer = Adafactor([halves], lr=0.01)
        if state is not None:
            optimizer.load_state_dict(state)
        for gradient in half:
            halves.grad = gradient.clone()
            optimizer.step()
        state = copy.deepcopy(optimizer.state_dict())
    assert torch.equal(whole, halves)
    assert optimizer.state[halves]["step"] == 4


def by_formula(
    start: np.ndarray, gradients: list[np.ndarray], rates: list[float], factor_from: int
) -> np.ndarray:
    """The published rules in float64, one array after another; independent of the optimizer."""
    value = start.astype(np.float64)
    order = sorted(range(value.ndim), key=lambda axis: -value.shape[axis])
    factored = value.ndim > 1 and value.shape[order[1]] >= factor_from
    memory: dict[str, np.ndarray | float] = {"full": 0.0, "row": 0.0, "column": 0.0}
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True)):
        keep = 1 - (step + 1) ** -0.8
        squares = gradient.astype(np.float64) ** 2 + 1e-30
        if factored:
            largest, second = order[:2]
            for name, axis in (("row", largest), ("column", second)):
                mean = squares.mean(axis, keepdims=True)
                memory[name] = keep * memory[name] + (1 - keep) * mean
            second_moment = (
                memory["row"] * memory["column"] / np.mean(memory["row"], second, keepdims=True)
            )
        else:
            memory["full"] = keep * memory["full"] + (1 - keep) * squares
            second_moment = memory["full"]
        update = gradient / np.sqrt(second_moment)
        update = update / max(1.0, np.sqrt(np.mean(update**2)))
        value = value - rate * max(1e-3, np.sqrt(np.mean(value**2))) * update
    return value


@pytest.mark.parametrize(
    ("shape", "factor_from"),
    [
        ((1,), 128),
        ((7,), 128),
        ((3, 5), 128),
        ((3, 5), 3),
        ((5, 3), 3),
        ((4, 4), 2),
        ((127, 200), 128),
        ((128, 200), 128),
        ((4, 6, 5), 5),
        ((6, 4, 5), 5),
        ((6, 4, 5), 6),
        ((2, 130, 1, 129), 128),
    ],
)
@pytest.mark.parametrize("scale", [1e-5, 1.0, 30.0])
def test_equals_the_formulas(shape: tuple[int, ...], factor_from: int, scale: float) -> None:
    """Six steps at changing rates, on vectors, matrices and more, factored or not."""
    rng = np.random.default_rng(0)
    start = (scale * rng.normal(size=shape)).astype(np.float32)
    gradients = [
        (10.0 ** rng.integers(-4, 3) * rng.normal(size=shape)).astype(np.float32) for _ in range(6)
    ]
    rates = [0.01, 0.01, 0.005, 0.003, 0.02, 0.0]
    parameter = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = Adafactor([parameter], lr=1.0, factor_from=factor_from)
    for gradient, rate in zip(gradients, rates, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        parameter.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
    expected = by_formula(start, gradients, rates, factor_from)
    found = parameter.detach().double().numpy()
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6 * scale)
    assert ("second_moment" in optimizer.state[parameter]) == (
        len(shape) < 2 or sorted(shape)[-2] < factor_from
    )


def test_parameters_of_one_shape_together_equal_each_alone() -> None:
    """Stacked updates of many parameters, some of which join later, are those of single ones."""
    generator = torch.Generator().manual_seed(4)
    shapes = [(130, 140), (130, 140), (5, 9), (5, 9), (5, 9), (7,), (7,)]
    starts = [torch.randn(shape, generator=generator) for shape in shapes]
    together = [torch.nn.Parameter(start.clone()) for start in starts]
    alone = [torch.nn.Parameter(start.clone()) for start in starts]
    optimizers = [Adafactor(together, lr=0.1), *(Adafactor([p], lr=0.1) for p in alone)]
    for step in range(4):
        for one, other in zip(together, alone, strict=True):
            one.grad = other.grad = None
            if step > 1 or one.ndim == 2:
                one.grad = torch.randn(one.shape, generator=generator)
                other.grad = one.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    assert {optimizers[0].state[p]["step"] for p in together} == {2, 4}
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)
