"""What an encoder costs by its shape is what the module has and computes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torch import nn

from lab.encoder import cost
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.heads import Detection, MaskedLanguageModel

SMALL = EncoderConfig(
    vocabulary=50, width=16, layers=2, heads=2, feed_forward=32, embedding=8, positions=12
)
PUBLISHED = {
    "small": (256, 12, 4, 128),
    "base": (768, 12, 12, 768),
    "large": (1024, 24, 16, 1024),
}


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, embedding=16),
        replace(SMALL, sharing="all", layers=3),
        replace(SMALL, sharing="ffn", layers=3),
    ],
)
def test_parameters_are_those_of_the_modules(config: EncoderConfig) -> None:
    """Of the encoder, of its tables, and of both heads of pre-training."""
    encoder = Encoder(config)
    assert cost.parameters(config) == sum(p.numel() for p in encoder.parameters())
    assert cost.tables(config) == sum(p.numel() for p in encoder.embeddings.parameters())
    for head, counted in (
        (Detection(config), cost.detection_parameters(config)),
        (MaskedLanguageModel(config), cost.prediction_parameters(config)),
    ):
        assert counted == sum(p.numel() for p in head.parameters())


@pytest.mark.parametrize(
    ("name", "alone", "detects"),
    [
        ("small", 13_483_008, 13_549_057),
        ("base", 108_891_648, 109_483_009),
        ("large", 334_092_288, 335_142_913),
    ],
)
def test_the_published_sizes_have_their_parameters(name: str, alone: int, detects: int) -> None:
    """14M, 110M and 335M of Clark et al. (2020), Table 1."""
    width, layers, heads, embedding = PUBLISHED[name]
    config = EncoderConfig(
        vocabulary=30_522,
        width=width,
        layers=layers,
        heads=heads,
        feed_forward=4 * width,
        embedding=embedding,
    )
    assert cost.parameters(config) == alone
    assert alone + cost.detection_parameters(config) == detects


@pytest.mark.parametrize("config", [SMALL, replace(SMALL, embedding=16)])
def test_operations_are_those_of_the_modules(config: EncoderConfig) -> None:
    """Two for each weight of a dense layer and token; scores and their mixture in each layer."""
    dense = [one for one in Encoder(config).modules() if isinstance(one, nn.Linear)]
    weights = sum(one.weight.numel() for one in dense)
    scores = 2 * config.layers * 10 * 10 * config.width
    assert cost.forward_flops(config, 10) == 2 * (10 * weights + scores)


def test_more_rows_take_more_memory_and_logits_too() -> None:
    """Sixteen bytes a parameter are there before any row."""
    least = 16 * cost.parameters(SMALL)
    none, some, many = (
        cost.training_bytes(SMALL, rows=rows, tokens=10, precision="32-true") for rows in (0, 1, 4)
    )
    assert none == least
    assert some - least == pytest.approx((many - least) / 4)
    logits = cost.training_bytes(SMALL, rows=1, tokens=10, precision="32-true", predicted=3)
    assert logits - some == 3 * 4 * 3 * 50
