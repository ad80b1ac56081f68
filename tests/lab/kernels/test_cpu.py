"""The fast operations compute what the plain formulas define."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from lab.kernels import cpu, operations, plain, products
from lab.text_to_text.module import text_to_text
from t5study.model import build_model

B, T, S, D, F, H, K = 3, 5, 7, 12, 20, 2, 4


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def outcome(function: Callable[..., Tensor], inputs: list[Tensor]) -> list[Tensor | None]:
    """The result of a function and the gradients of its inputs for one fixed direction."""
    result = function(*inputs)
    weight = torch.arange(result.numel(), dtype=result.dtype).view(result.shape).sin()
    needed = [value for value in inputs if value is not None and value.requires_grad]
    return [result, *torch.autograd.grad((result * weight).sum(), needed)]


def check(name: str, inputs: list, *rest, atol: float = 1e-12) -> None:
    fast, slow = getattr(cpu, name), getattr(plain, name)
    for found, expected in zip(
        outcome(lambda *given: fast(*given, *rest), inputs),
        outcome(lambda *given: slow(*given, *rest), inputs),
        strict=True,
    ):
        torch.testing.assert_close(found, expected, atol=atol, rtol=atol)


@pytest.mark.parametrize("biased", [False, True])
def test_linear(biased):
    """Values and all gradients."""
    check("linear", [random(B, T, D), random(F, D), random(F) if biased else None])


@pytest.mark.parametrize("shape", [(256, 128, 512), (1024, 96, 31)])
def test_linear_by_the_other_matrix_library(shape):
    """Large float32 products agree with the usual library to rounding."""
    rows, inner, columns = shape
    x = torch.randn(rows, inner, requires_grad=True)
    weight = torch.randn(columns, inner, requires_grad=True)
    bias = torch.randn(columns, requires_grad=True)
    assert rows * inner * columns >= products.WORTHWHILE
    check("linear", [x, weight], atol=2e-4)
    check("linear", [x, weight, bias], atol=2e-4)


def test_rms_norm():
    """Values, the input's gradient and the scale's."""
    check("rms_norm", [random(B, T, D), random(D)], 1e-6)


@pytest.mark.parametrize("dropped", [False, True])
def test_feed_forward(dropped):
    """Values and all three gradients, with and without dropped hidden units."""
    torch.manual_seed(1)
    keep = (torch.rand(B, 1, F) > 0.3).double() if dropped else None
    check("feed_forward", [random(B, T, D), random(F, D), random(D, F)], keep, 1 / 0.7)


@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("dropout", ["none", "value", "weight"])
@pytest.mark.parametrize("shifted", [False, True])
def test_attend(cross, dropout, shifted):
    """Values and gradients of queries, keys, values and bias, masked, for each dropout form."""
    torch.manual_seed(2)
    span = S if cross else T
    queries = random(B, T, H * K if cross else 3 * H * K)
    memory = random(B, span, 2 * H * K) if cross else None
    bias = random(1, H, T, span) if shifted else None
    mask = None
    if shifted:
        mask = torch.zeros(B, 1, 1, span, dtype=torch.float64)
        mask[1, ..., -2:] = -1e9
    value_keep = (torch.rand(B, H, span, 1) > 0.3).double() if dropout == "value" else None
    weight_keep = (torch.rand(B, H, T, span) > 0.3).double() if dropout == "weight" else None

    scale = 1.0 if dropout == "none" else 1 / 0.7

    def run(module):
        return lambda q, m, b: module.attend(q, m, H, b, mask, value_keep, weight_keep, scale)

    for found, expected in zip(
        outcome(run(cpu), [queries, memory, bias]),
        outcome(run(plain), [queries, memory, bias]),
        strict=True,
    ):
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("form", ["none", "tanh"])
def test_gelu_feed_forward(form):
    """Values and all five gradients, for both forms of GELU."""
    torch.manual_seed(1)
    check(
        "gelu_feed_forward",
        [random(B, T, D), random(F, D), random(F), random(D, F), random(D)],
        form,
    )


@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("hidden", ["nothing", "padding", "other examples"])
def test_scaled_attend(cross, hidden):
    """Values and gradients, where rows are full, padded, or hold several examples."""
    torch.manual_seed(2)
    span = S if cross else T
    queries = random(B, T, H * K if cross else 3 * H * K)
    memory = random(B, span, 2 * H * K) if cross else None
    keys = torch.ones(B, span, dtype=torch.long)
    if hidden == "padding":
        keys[1, -2:] = 0
    elif hidden == "other examples":
        keys[1, -2:] = 2
    asked = keys[:, :T]
    real = (asked != 0).unsqueeze(-1)

    def run(module):
        mask = module.together(asked, keys)
        # What padding sees is nobody's business, and no gradient comes from there.
        return lambda q, m: module.scaled_attend(q, m, H, mask, 0.0) * real

    for found, expected in zip(
        outcome(run(cpu), [queries, memory]), outcome(run(plain), [queries, memory]), strict=True
    ):
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)
    assert (cpu.together(asked, keys) is None) == (hidden == "nothing")


def test_scaled_attend_drops_single_weights():
    """At its rate, and what is kept counts more: the sums stay as they are in the mean."""
    torch.manual_seed(3)
    span, rate = 64, 0.25
    # Without queries all weights are alike: 1 / span each, times values of 1.
    states = torch.zeros(40, span, 3 * H * K)
    states[..., 2 * H * K :] = 1.0
    mixed = cpu.scaled_attend(states, None, H, None, rate)
    kept = (mixed[..., ::K].flatten() * span * (1 - rate)).double()
    assert kept.numel() == 40 * span * H
    spread = (span * rate * (1 - rate)) ** 0.5
    assert kept.mean().item() == pytest.approx(span * (1 - rate), abs=4 * spread / 40)
    assert kept.std().item() == pytest.approx(spread, rel=0.1)
    assert torch.equal(kept.round(), kept.round(decimals=2))


@pytest.mark.parametrize("shifted", [False, True])
def test_look_up(shifted):
    """Few queries into a part of a larger cache."""
    cache = random(2, B, H, S + 3, K)[..., :S, :]
    shift = random(B, 1, 1, S) if shifted else None
    inputs = [random(B, H, 2, K).detach(), cache[0].detach(), cache[1].detach()]
    torch.testing.assert_close(cpu.look_up(*inputs, shift), plain.look_up(*inputs, shift))


@pytest.mark.parametrize("name", ["linear", "rms_norm", "attend"])
def test_any_memory_layout_is_taken(name):
    """Transposed inputs and gradients give what their contiguous copies give."""
    x = random(B, 3 * H * K, T).detach().transpose(1, 2).requires_grad_()
    rest = {
        "linear": (random(F, 3 * H * K),),
        "rms_norm": (random(3 * H * K), 1e-6),
        "attend": (None, H),
    }[name]
    results = []
    for copy in (x, x.detach().contiguous().requires_grad_()):
        result = getattr(cpu, name)(copy, *rest)
        (gradient,) = torch.autograd.grad(result.transpose(0, 1).sin().sum(), copy)
        results.append((result, gradient))
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)


def test_dropping_a_value_is_dropping_its_weights():
    """The broadcast form equals one weight mask for all queries of a sequence."""
    torch.manual_seed(3)
    queries = random(B, T, 3 * H * K)
    keep = (torch.rand(B, H, 1, T) > 0.3).double()
    by_value = plain.attend(queries, None, H, value_keep=keep.transpose(-1, -2))
    by_weight = plain.attend(queries, None, H, weight_keep=keep.expand(B, H, T, T))
    torch.testing.assert_close(by_value, by_weight)


FEW, MANY = [3, 111, 111], [3, 333, 333]
"""Shapes of masks whose bits come from torch's generator, and from one that it seeds."""


@pytest.mark.parametrize("shape", [FEW, MANY])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_bernoulli_keeps_the_share_it_is_given(shape, dtype):
    """Ones and zeros, of the asked share to 4 standard deviations, not in a repeating pattern."""
    torch.manual_seed(4)
    drawn = cpu.bernoulli(shape, 0.9, dtype, torch.device("cpu"))
    words = drawn.numel() * cpu.RANDOM_BITS // 64
    assert (words >= cpu.MANY_WORDS) == (shape == MANY)
    assert drawn.dtype == dtype
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    spread = (0.9 * 0.1 / drawn.numel()) ** 0.5
    assert float(drawn.double().mean()) == pytest.approx(0.9, abs=4 * spread)
    flat = drawn.flatten().double()
    for lag in (1, 2, 3, 4, shape[-1]):
        together = (flat[lag:] * flat[:-lag]).mean()
        assert float(together) == pytest.approx(0.81, abs=6 * spread)


@pytest.mark.parametrize("keep", [0.9, 0.7, 0.5, 0.999, 0.01, 0.002])
def test_bernoulli_keeps_shares_between_those_of_a_byte(keep):
    """Of four million elements, far closer than 2^-8; the rows' shares spread as they should."""
    torch.manual_seed(9)
    drawn = cpu.bernoulli([1 << 15, 128], keep, torch.float32, torch.device("cpu")).double()
    spread = (keep * (1 - keep)) ** 0.5
    assert float(drawn.mean()) == pytest.approx(keep, abs=4 * spread / 2**11)
    # Var(row mean) = keep (1 - keep) / 128, itself known to sqrt(2 / 2^15), plus the tails' share.
    rows = drawn.mean(1)
    kurtosis = (1 - 6 * spread**2) / spread**2 / 128
    error = ((2 + kurtosis) / 2**15) ** 0.5
    correlated = 128 * 2**-18 / spread**2
    assert float(rows.var() / (spread**2 / 128)) == pytest.approx(1, abs=4 * error + correlated)


@pytest.mark.parametrize("shape", [FEW, MANY])
def test_bernoulli_repeats_with_the_generator(shape):
    """The same random state gives the same mask; the next mask is another."""

    def draw() -> Tensor:
        return cpu.bernoulli(shape, 0.5, torch.float32, torch.device("cpu"))

    torch.manual_seed(5)
    first, second = draw(), draw()
    torch.manual_seed(5)
    assert torch.equal(first, draw())
    assert torch.equal(second, draw())
    agreement = float((first == second).double().mean())
    assert agreement == pytest.approx(0.5, abs=4 * 0.5 / first.numel() ** 0.5)


@pytest.mark.parametrize("architecture", ["encoder_decoder", "prefix_lm"])
@pytest.mark.parametrize("form", ["broadcast", "elementwise"])
def test_a_training_step_is_the_same_without_them(monkeypatch, architecture, form):
    """Loss and every gradient of a packed batch agree between fast and plain operations."""
    settings = {"vocab_size": 29, "dropout_form": form, "num_layers": 2}
    segments = torch.tensor([[1, 1, 1, 2, 2, 2, 2, 0], [1] * 6 + [0] * 2])
    tokens = torch.tensor([[0, 4, 5, 0, 6, 7, 8, 0], [0, 4, 5, 6, 7, 8, 0, 0]])
    batch = {f"{side}_input_tokens": tokens for side in ("encoder", "decoder")}
    batch |= {f"{side}_segment_ids": segments for side in ("encoder", "decoder")}
    batch["decoder_causal_attention"] = torch.tensor(
        [[1, 1, 0, 1, 1, 0, 0, 0], [1, 1, 1] + [0] * 5]
    )
    runs = []
    for table in ({"cpu": cpu}, {}):
        monkeypatch.setattr(operations, "OPERATIONS", table)
        for same in ("bernoulli", "used_length"):  # so that both draw the same masks
            monkeypatch.setattr(plain, same, getattr(cpu, same))
        torch.manual_seed(6)
        model = build_model(architecture, "nano", **settings).double().train()
        torch.manual_seed(7)
        loss = model.head(model.features(batch)[segments != 0]).logsumexp(-1).sum()
        loss.backward()
        runs.append([loss.detach(), *(p.grad for p in model.parameters())])
    for fast, slow in zip(*runs, strict=True):
        torch.testing.assert_close(fast, slow, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("architecture", ["encoder_decoder", "language_model"])
@pytest.mark.parametrize("lengths", [(3, 11, 6), (20, 18, 20), (1, 1, 1)])
def test_rounding_up_what_is_worked_on_changes_no_number(monkeypatch, architecture, lengths):
    """Loss and every gradient are those of all positions by their own weights, nothing dropped."""
    torch.manual_seed(6)
    segments = torch.stack([(torch.arange(20) < length).long() for length in lengths])
    tokens = torch.randint(2, 29, segments.shape) * segments
    batch = {f"{side}_segment_ids": segments for side in ("encoder", "decoder")}
    batch |= {"encoder_input_tokens": tokens, "decoder_input_tokens": tokens.roll(1, 1)}
    batch |= {"decoder_target_tokens": tokens, "decoder_loss_weights": segments * (tokens % 3 > 0)}
    model = build_model(architecture, "nano", vocab_size=29, num_layers=2, dropout_rate=0.0)
    model = model.double()
    runs = []
    for table in ({"cpu": cpu}, {}):
        monkeypatch.setattr(operations, "OPERATIONS", table)
        model.zero_grad()
        loss, nats = text_to_text(model, batch, 1e-2)
        loss.backward()
        runs.append([loss.detach(), nats, *(p.grad.clone() for p in model.parameters())])
    for fast, slow in zip(*runs, strict=True):
        torch.testing.assert_close(fast, slow, atol=1e-6, rtol=1e-6)


def test_batches_of_all_lengths_are_worked_on_in_few_shapes():
    """What 300 batches with other lengths each have in common is their shapes."""
    torch.manual_seed(6)
    widths, counts = set(), set()
    for _ in range(300):
        segments = (torch.arange(64) < torch.randint(1, 65, (4, 1))).long()
        widths.add(cpu.used_length(segments))
        features, targets, weights = cpu.loss_rows(torch.ones(4, 64, 3), segments, segments)
        assert features.shape == (len(targets), 3)
        assert int(weights.sum()) == int(segments.sum())
        counts.add(len(weights))
    assert widths <= set(range(8, 65, 8))
    assert len(counts) <= 22


def test_autocast_stays_within_its_rounding():
    """In bfloat16, features and gradients are near the float32 ones and not equal to them."""
    torch.manual_seed(8)
    model = build_model(size="nano", vocab_size=29, dropout_rate=0.0)
    tokens = torch.randint(3, 29, (4, 16))

    def run() -> tuple[Tensor, Tensor]:
        model.zero_grad()
        output = model(tokens, tokens)
        output.float().logsumexp(-1).sum().backward()
        return output.float(), model.encoder.blocks[0].feed_forward.up.grad.clone()

    exact = run()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = run()
    for one, other in zip(exact, rounded, strict=True):
        error = float((one - other).detach().norm() / one.detach().norm())
        assert 0 < error < 0.05
