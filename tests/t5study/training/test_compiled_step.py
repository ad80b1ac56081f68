"""The compiled training step of a GPU, traced on a CPU: one graph, few compilations, same numbers.

Only tracing is done here, no kernels are made: FlexAttention has none for gradients on a CPU, so
that its refusal is lifted and its formulas run unfused.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch._dynamo.testing import CompileCounterWithBackend
from torch.nn.attention import flex_attention as library

from lab.kernels import flex, operations
from lab.text_to_text.module import TextToText
from lab.training.module import widened
from lab.training.schedule import constant
from t5study.model import build_model

V = 29


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[CompileCounterWithBackend]:
    """Counts compilations; a step that is not one whole graph raises."""
    torch._dynamo.reset()
    counter, compile_really = CompileCounterWithBackend("eager"), torch.compile

    def compiled(function, **options):
        if "backend" not in options:  # the step; unfused FlexAttention compiles itself
            assert options.pop("mode") == "reduce-overhead"
            options |= {"backend": counter, "fullgraph": True}
        return compile_really(function, **options)

    monkeypatch.setattr(torch, "compile", compiled)
    monkeypatch.setattr(library, "_validate_device", lambda *given: None)
    monkeypatch.setattr(operations, "OPERATIONS", {"cpu": flex})
    yield counter
    torch._dynamo.reset()


def batch(seed: int, source: int = 40, target: int = 24) -> dict[str, Tensor]:
    """Two rows of two packed examples and padding."""
    random = torch.Generator().manual_seed(seed)
    found: dict[str, Tensor] = {}
    for side, width in (("encoder", source), ("decoder", target)):
        segments = 1 + (torch.arange(width) >= width // 2).long().expand(2, width).clone()
        segments[1, -5:] = 0
        tokens = torch.randint(2, V, (2, width), generator=random) * (segments != 0)
        found |= {f"{side}_segment_ids": segments, f"{side}_input_tokens": tokens}
    found["decoder_target_tokens"] = found["decoder_input_tokens"]
    found["decoder_loss_weights"] = (found["decoder_segment_ids"] != 0).long()
    found["decoder_causal_attention"] = (
        (torch.arange(target) % (target // 2) < 4).long().repeat(2, 1)
    )
    return found


def module_of(architecture: str, form: str, recompute: bool) -> TextToText:
    torch.manual_seed(2)
    model = build_model(architecture, "pico", vocab_size=V, num_layers=1, dropout_form=form)
    if recompute:
        model.recompute_blocks()
    return TextToText(model, schedule=constant(0.01)).train()


def trained(module: TextToText, batches: list[dict[str, Tensor]]) -> list[Tensor]:
    """Losses of some updates in mixed precision, and the parameters after them."""
    optimizer = module.configure_optimizers()["optimizer"]
    torch.manual_seed(3)
    losses = []
    for one in batches:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = module.training_step(one, 0)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return [*losses, *(p.detach() for p in module.parameters())]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "recompute"), [("broadcast", False), ("elementwise", False), ("elementwise", True)]
)
@pytest.mark.parametrize("architecture", ["encoder_decoder", "prefix_lm"])
def test_a_training_is_one_graph_compiled_once(counter, architecture, form, recompute):
    """Three updates with dropout equal those of the step that is not compiled."""
    # Recomputation is for the compiler to plan; FlexAttention's formulas run outside of it only.
    counter.backend = "aot_eager" if recompute else "eager"
    batches = [batch(seed) for seed in range(3)]
    module = module_of(architecture, form, recompute)
    module.compile_forward(fixed_shapes=True, graphs=True)
    found = trained(module, batches)
    assert counter.frame_count == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flex, "_compiled", lambda: library.flex_attention)
        expected = trained(module_of(architecture, form, recompute), batches)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0.02, atol=0.002)


@pytest.mark.slow
def test_varying_widths_are_few_compilations_and_the_same_loss(counter):
    """Seven pairs of widths are two after padding; what is padded adds nothing to the loss."""
    widths = [(40, 24), (48, 32), (96, 64), (128, 128), (136, 16), (200, 64), (256, 72)]
    batches = [batch(seed, *pair) for seed, pair in enumerate(widths)]
    module = module_of("encoder_decoder", "broadcast", recompute=False).eval()
    module.compile_forward(fixed_shapes=False, graphs=True)
    found = [module.training_step(one, 0).detach() for one in batches]
    assert counter.frame_count == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flex, "_compiled", lambda: library.flex_attention)
        module._compiled, module._widths_vary = None, False
        expected = [module.training_step(one, 0).detach() for one in batches]
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_widened_batches_keep_their_columns():
    """To 128 columns, doubled until all fit; behind them padding."""
    narrow = batch(0, 40, 130)
    wide = widened(narrow)
    assert wide["encoder_segment_ids"].shape == (2, 128)
    assert wide["decoder_loss_weights"].shape == (2, 256)
    for name, columns in narrow.items():
        width = columns.shape[1]
        assert torch.equal(wide[name][:, :width], columns)
        assert not wide[name][:, width:].any()
    assert widened(batch(0, 128, 256))["decoder_target_tokens"].shape == (2, 256)
