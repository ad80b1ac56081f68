"""The price of a pass, against published figures and against what torch counts."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lab.text_to_text.config import ARCHITECTURES, model_config
from lab.text_to_text.flops import forward_flops, training_flops
from t5study.model import build_model

S, T = 48, 20


def test_base_costs_what_is_published():
    """One sequence of 512 and 114 tokens: 0.425 TFLOP."""
    assert training_flops(model_config(), 512, 114) == pytest.approx(0.425e12, rel=0.002)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("feed_forward", ["relu", "gated_gelu"])
def test_forward_is_what_torch_counts(architecture, feed_forward):
    """All products of a pass; masked attention is computed in full there, so counted in full."""
    model = build_model(
        architecture, "nano", device="meta", feed_forward=feed_forward, adapter_width=8
    )
    config = model.config
    with FlopCounterMode(display=False) as counter:
        if config.layout.encoder:
            source = torch.ones(1, S, dtype=torch.int64, device="meta")
            target = torch.ones(1, T, dtype=torch.int64, device="meta")
            segments = {"encoder_segment_ids": source, "decoder_segment_ids": target}
            tokens = {"encoder_input_tokens": source, "decoder_input_tokens": target}
            features = model.features(tokens | segments)
            masked = config.num_decoder_layers * 2 * T * T * config.inner
        else:
            row = torch.ones(1, S + T, dtype=torch.int64, device="meta")
            features = model.features({"decoder_input_tokens": row, "decoder_segment_ids": row})
            seen = (S + T) ** 2 / 2 + (S * S / 2 if config.layout.prefix else 0)
            masked = config.num_layers * 4 * config.inner * ((S + T) ** 2 - seen)
        model.head(features[:, -T:])
    assert counter.get_total_flops() == forward_flops(config, S, T) + masked
