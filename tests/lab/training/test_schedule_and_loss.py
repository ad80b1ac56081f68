"""Schedules and the loss against their formulas and library parts."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from lab.kernels import loss
from lab.kernels.loss import cross_entropy, output_cross_entropy
from lab.training.schedule import constant, inverse_square_root


def test_inverse_square_root_holds_then_decays() -> None:
    """1 / sqrt(max(step, k)) with the paper's k."""
    rate = inverse_square_root(10_000)
    assert rate(0) == rate(9_999) == rate(10_000) == pytest.approx(0.01)
    assert rate(40_000) == pytest.approx(0.005)
    assert rate(2**19) == pytest.approx(1 / math.sqrt(2**19))


def test_final_ramp_ends_at_zero() -> None:
    """The last tenth of the steps is scaled linearly down to nothing."""
    rate = inverse_square_root(100, steps=1000, ramp=0.1)
    assert rate(900) == pytest.approx(900**-0.5)
    assert rate(950) == pytest.approx(0.5 * 950**-0.5)
    assert rate(1000) == 0.0


@pytest.mark.parametrize(
    ("steps", "ramp", "step", "share"),
    [
        (524_288, 0.1, 471_859, 1.0),
        (524_288, 0.1, 524_287, 1 / 52_429),
        (1000, 0.25, 750, 1.0),
        (1000, 0.25, 875, 0.5),
        (1000, 0.25, 1100, 0.0),
        (1000, 0.0, 1000, 1.0),
    ],
)
def test_ramp_takes_its_share_of_the_steps(
    steps: int, ramp: float, step: int, share: float
) -> None:
    """Untouched before it, then a straight line to 0 at the last step."""
    rate = inverse_square_root(10_000, steps=steps, ramp=ramp)
    assert rate(step) == pytest.approx(share * max(step, 10_000) ** -0.5, rel=1e-9)


def test_constant_rate() -> None:
    """Fine-tuning's rate is the same at every step."""
    assert {constant(0.001)(step) for step in (0, 1, 10**6)} == {0.001}


def test_loss_of_even_logits() -> None:
    """Zero logits over 32,128 ids: ln V nats and 1e-4 ln(V)^2 of z-loss."""
    total, nats = cross_entropy(torch.zeros(1, 32128), torch.tensor([7]), 1e-4)
    assert float(nats) == pytest.approx(10.377483, abs=1e-5)
    assert float(total - nats) == pytest.approx(0.01076922, abs=1e-6)


@pytest.mark.parametrize(
    ("vocabulary", "z_loss", "shift"), [(8, 1e-4, 0.0), (512, 1e-3, 3.0), (32128, 0.0, -40.0)]
)
def test_z_loss_is_the_square_of_the_log_of_the_sum(
    vocabulary: int, z_loss: float, shift: float
) -> None:
    """Equal logits c give a cross-entropy of ln V whatever c, and (ln V + c)^2 beside it."""
    logits = torch.full((3, vocabulary), shift)
    loss, nats = cross_entropy(logits, torch.tensor([0, 5, vocabulary - 1]), z_loss)
    assert float(nats) == pytest.approx(3 * math.log(vocabulary), rel=1e-5)
    beside = 3 * z_loss * (math.log(vocabulary) + shift) ** 2
    assert float(loss - nats) == pytest.approx(beside, rel=1e-3, abs=1e-5)


def test_loss_equals_library_parts() -> None:
    """The sum and its gradient equal torch's cross-entropy plus the z-loss by hand."""
    torch.manual_seed(0)
    logits = torch.randn(9, 50, dtype=torch.float64).float().requires_grad_()
    other = logits.detach().clone().requires_grad_()
    targets = torch.randint(50, (9,))
    ours, nats = cross_entropy(logits, targets, 0.1)
    plain = functional.cross_entropy(other, targets, reduction="sum")
    theirs = plain + 0.1 * other.logsumexp(-1).square().sum()
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(nats, plain)
    (3 * ours).backward()
    (3 * theirs).backward()
    torch.testing.assert_close(logits.grad, other.grad)


@pytest.mark.parametrize("rows", [1, 4, 100])
@pytest.mark.parametrize("weighted", [False, True])
def test_loss_in_pieces_equals_the_whole(
    monkeypatch: pytest.MonkeyPatch, rows: int, weighted: bool
) -> None:
    """Loss, nats and the gradients of features and matrix, however many rows go at once."""
    torch.manual_seed(1)
    monkeypatch.setitem(loss.CHUNK, "cpu", rows * 50)
    features = torch.randn(9, 6, dtype=torch.float64, requires_grad=True)
    matrix = torch.randn(50, 6, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(50, (9,))
    weights = (torch.rand(9) > 0.4).long() if weighted else None
    logits = (features @ matrix.t()).float()
    expected, expected_nats = cross_entropy(logits, targets, 0.1, weights)
    found, nats = output_cross_entropy(features, matrix, targets, 0.1, weights)
    torch.testing.assert_close(found.float(), expected)
    torch.testing.assert_close(nats.float(), expected_nats)
    for one, other in zip(
        torch.autograd.grad(3 * found, [features, matrix]),
        torch.autograd.grad(3 * expected, [features, matrix]),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("distance", [60.0, 100.0, 2000.0])
def test_loss_in_pieces_of_targets_of_no_probability(distance: float) -> None:
    """Where a target's probability is tiny or 0 in float32, loss and gradients are still right."""
    torch.manual_seed(3)
    matrix = torch.randn(50, 6, requires_grad=True)
    features = torch.randn(9, 6)
    with torch.no_grad():
        features[3] = distance * matrix[7] / matrix[7].square().sum()
        targets = torch.randint(50, (9,))
        targets[3] = (matrix @ features[3]).argmin()
    features.requires_grad_()
    expected, _ = cross_entropy(features @ matrix.t(), targets, 0.1)
    found, _ = output_cross_entropy(features, matrix, targets, 0.1)
    torch.testing.assert_close(found, expected)
    for one, other in zip(
        torch.autograd.grad(found, [features, matrix]),
        torch.autograd.grad(expected, [features, matrix]),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_loss_in_pieces_with_a_frozen_side() -> None:
    """Where only one side trains, the other's gradient is not asked for."""
    torch.manual_seed(2)
    features = torch.randn(5, 4, requires_grad=True)
    matrix = torch.randn(7, 4)
    total, _ = output_cross_entropy(features, matrix, torch.arange(5))
    expected, _ = cross_entropy(features @ matrix.t(), torch.arange(5))
    (found,) = torch.autograd.grad(total, [features])
    torch.testing.assert_close(found, torch.autograd.grad(expected, [features])[0])
    with torch.no_grad():
        assert float(output_cross_entropy(features, matrix, torch.arange(5))[0]) == pytest.approx(
            float(expected)
        )


def test_loss_in_pieces_never_holds_all_logits() -> None:
    """The largest tensor made on the way is a piece of the logits, not all of them."""
    largest = 0

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            nonlocal largest
            result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                largest = max(largest, result.numel())
            return result

    features = torch.randn(4096, 8, requires_grad=True)
    matrix = torch.randn(5000, 8, requires_grad=True)
    with Watch():
        total, _ = output_cross_entropy(features, matrix, torch.zeros(4096, dtype=torch.long))
        total.backward()
    assert matrix.numel() <= largest <= loss.CHUNK["cpu"] < 4096 * 5000
