"""Parameters at the paper's sizes, added up by hand and beside the published checkpoints."""

from __future__ import annotations

import pytest

from lab.text_to_text.config import ARCHITECTURES
from t5study.model import build_model

PAPER = {
    # d_model, d_ff, heads, head width, blocks (sections 3.1, 3.6 and 3.7)
    "small": (512, 2048, 8, 64, 6),
    "base": (768, 3072, 12, 64, 12),
    "large": (1024, 4096, 16, 64, 24),
    "3b": (1024, 16384, 32, 128, 24),
    "11b": (1024, 65536, 128, 128, 24),
    "2x": (1024, 4096, 16, 64, 16),
    "4x": (1024, 4096, 16, 64, 32),
}
PUBLISHED = {
    "small": 60_506_624,
    "base": 222_903_552,
    "large": 737_668_096,
    "3b": 2_851_598_336,
    "11b": 11_307_321_344,
}
"""What the released T5 v1.0 checkpoints hold."""


def by_hand(architecture: str, size: str) -> int:
    """Matrices without biases, norms of one scale, one bias table a stack, one embedding."""
    width, hidden, heads, head, blocks = PAPER[size]
    if architecture == "half":
        blocks //= 2
    attention, feed_forward, norm = 4 * width * heads * head, 2 * width * hidden, width
    without_cross = attention + feed_forward + 2 * norm
    with_cross = without_cross + attention + norm
    rest_of_stack = 32 * heads + norm
    encoder = blocks * without_cross + rest_of_stack
    decoder = blocks * with_cross + rest_of_stack
    return (
        32128 * width
        + {
            "encoder_decoder": encoder + decoder,
            "half": encoder + decoder,
            "shared": decoder,
            "language_model": encoder,
            "prefix_lm": encoder,
        }[architecture]
    )


def built(architecture: str, size: str) -> int:
    model = build_model(architecture, size, device="meta")
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("size", PAPER)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_at_every_size_of_the_paper(architecture, size):
    """Exactly the sum of its parts."""
    assert built(architecture, size) == by_hand(architecture, size)


@pytest.mark.parametrize("size", PUBLISHED)
def test_published_checkpoints(size):
    """Exactly the parameters of the released model of this size."""
    assert built("encoder_decoder", size) == PUBLISHED[size]
