"""The generator's shape beside its discriminator's (section 3.2)."""

from __future__ import annotations

from dataclasses import replace

from lab.encoder.config import EncoderConfig

HEAD_WIDTH = 64


def generator(discriminator: EncoderConfig, fraction: float) -> EncoderConfig:
    """A generator of a fraction of the width, with the same layers and tables.

    The width is rounded half to even; its feed-forward layers are four times as wide, and it has a
    head for every 64 of it, one at least. `complaints` of the result says where that is impossible.
    """
    width = round(discriminator.width * fraction)
    return replace(
        discriminator,
        width=width,
        feed_forward=4 * width,
        heads=max(1, width // HEAD_WIDTH),
    )
