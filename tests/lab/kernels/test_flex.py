"""The CUDA path's attention and its compiled training step, against the plain formulas.

FlexAttention refuses gradients on a CPU, though its formulas, the gradient of the bias among them,
are the same on every device: these tests lift that refusal and run them unfused in float64. The
kernels that a GPU gets are compared on one (marked `gpu`).
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.attention import flex_attention as library

from lab.kernels import flex, operations, plain
from lab.text_to_text.module import TextToText
from lab.training.schedule import constant
from t5study.model import build_model

B, T, S, H, K = 2, 24, 40, 2, 16


@pytest.fixture
def unfused(monkeypatch: pytest.MonkeyPatch) -> None:
    """FlexAttention's formulas on a CPU, gradients included."""
    monkeypatch.setattr(library, "_validate_device", lambda *given: None)
    monkeypatch.setattr(flex, "_compiled", lambda: library.flex_attention)


def segments(length: int) -> Tensor:
    """Two rows of packed examples, the second with padding at its end."""
    rows = [[1] * 7 + [2] * (length - 7), [1] * 4 + [2] * 5 + [3] * (length - 13) + [0] * 4]
    return torch.tensor(rows)


def outcome(module, masks, inputs: list[Tensor | None], keep: dict[str, Tensor | float]):
    """Result at real positions, and the gradients of all inputs."""
    queries, memory, bias = inputs
    mask = module.visible(**masks)
    result = module.attend(queries, memory, H, bias, mask, **keep)
    real = result[masks["query_segments"] != 0]
    needed = [x for x in inputs if x is not None]
    return [real, *torch.autograd.grad(real.sin().sum(), needed)]


@pytest.mark.parametrize("kind", ["encoder", "causal", "prefix", "cross"])
@pytest.mark.parametrize("dropout", [None, "value_keep", "weight_keep"])
def test_attention_by_blocks_equals_the_plain_one(unfused: None, kind: str, dropout: str | None):
    """Values and the gradients of queries, keys, values and bias, packed, for each kind of mask."""
    torch.manual_seed(0)
    span = S if kind == "cross" else T

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    queries = random(B, T, H * K if kind == "cross" else 3 * H * K)
    memory = random(B, span, 2 * H * K) if kind == "cross" else None
    bias = None if kind == "cross" else random(1, H, T, span)
    masks = {"query_segments": segments(T), "key_segments": segments(span)}
    if kind == "causal":
        masks["causal"] = True
        hidden = torch.zeros(T, T, dtype=torch.float64).masked_fill(
            ~torch.ones(T, T).tril().bool(), -1e9
        )
        bias = (bias.detach() + hidden).requires_grad_()
    elif kind == "prefix":
        masks["prefix"] = (torch.arange(T) < 3).long().expand(B, T)
    keep: dict[str, Tensor | float] = {}
    if dropout:
        shape = (B, H, span, 1) if dropout == "value_keep" else (B, H, T, span)
        keep = {dropout: (torch.rand(shape) > 0.3).double(), "scale": 1 / 0.7}
    found = outcome(flex, masks, [queries, memory, bias], keep)
    assert isinstance(flex.visible(**masks), library.BlockMask)
    expected = outcome(plain, masks, [queries, memory, bias], keep)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_without_gradients_masks_are_plain():
    """Decoding and validation take fused attention with an additive mask."""
    with torch.no_grad():
        mask = flex.visible(segments(T), segments(T))
    assert torch.equal(mask, plain.visible(segments(T), segments(T)))


def packed_batch(length: int = T) -> dict[str, Tensor]:
    """A batch of both stacks, packed."""
    torch.manual_seed(1)
    ids = segments(length)
    tokens = torch.randint(2, 29, (B, length)) * (ids != 0)
    batch = {f"{side}_input_tokens": tokens for side in ("encoder", "decoder")}
    batch |= {f"{side}_segment_ids": ids for side in ("encoder", "decoder")}
    batch["decoder_causal_attention"] = (ids == 1).long()
    batch["decoder_target_tokens"] = tokens
    batch["decoder_loss_weights"] = (ids != 0).long()
    return batch


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["encoder_decoder", "prefix_lm"])
def test_a_compiled_step_is_the_plain_one(unfused: None, monkeypatch, architecture: str):
    """The whole loss is one graph without breaks; it and every gradient equal the plain path's."""
    runs = []
    for table in ({}, {"cpu": flex}):
        monkeypatch.setattr(operations, "OPERATIONS", table)
        torch.manual_seed(2)
        model = build_model(architecture, "nano", vocab_size=29, dropout_rate=0.0).double()
        module = TextToText(model, schedule=constant(0.001))
        step = module.forward
        if table:
            step = torch.compile(module.forward, fullgraph=True, backend="eager")
        loss, nats = step(packed_batch())
        loss.backward()
        runs.append([loss.detach(), nats, *(p.grad for p in model.parameters())])
    for plainly, compiled in zip(*runs, strict=True):
        torch.testing.assert_close(compiled, plainly, rtol=1e-6, atol=1e-8)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="run on a GPU: pytest -m gpu")
@pytest.mark.parametrize("architecture", ["encoder_decoder", "prefix_lm"])
@pytest.mark.parametrize("length", [114, 128, 160])
def test_a_step_on_a_gpu_is_the_plain_one(monkeypatch, architecture: str, length: int):
    """Compiled kernels give the plain path's loss and gradients, in float32."""
    runs = []
    for table in ({}, {"cuda": flex}):
        monkeypatch.setattr(operations, "OPERATIONS", table)
        torch.manual_seed(2)
        model = build_model(architecture, "nano", vocab_size=29, dropout_rate=0.0).cuda()
        module = TextToText(model, schedule=constant(0.001))
        if table:
            module.compile_forward(fixed_shapes=True, graphs=True)
        batch = {k: v.cuda() for k, v in packed_batch(length).items()}
        for _ in range(3):  # warming up, capturing and replaying CUDA graphs
            loss = module.training_step(batch, 0)
            loss.backward()
        runs.append([loss.detach(), module.reported, *(p.grad for p in model.parameters())])
    for plainly, compiled in zip(*runs, strict=True):
        torch.testing.assert_close(compiled, plainly, rtol=1e-3, atol=1e-4)
