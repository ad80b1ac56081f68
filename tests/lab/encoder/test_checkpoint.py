"""An encoder comes back from disk as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lab.encoder.checkpoint import load_encoder, save_encoder
from lab.encoder.config import SHARING, EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.initialization import initialize

TINY = EncoderConfig(
    vocabulary=40,
    width=16,
    layers=2,
    heads=2,
    feed_forward=32,
    embedding=8,
    positions=16,
    activation="gelu_tanh",
)


@pytest.mark.parametrize("sharing", sorted(SHARING))
def test_what_was_written_is_read(sharing: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = Encoder(replace(TINY, sharing=sharing)).eval()
    initialize(encoder, 0.02)
    save_encoder(tmp_path / "encoder.pt", encoder)
    found = load_encoder(tmp_path / "encoder.pt").eval()
    tokens = torch.randint(40, (3, 9))
    assert found.config == encoder.config
    torch.testing.assert_close(found(tokens), encoder(tokens), rtol=0, atol=0)


def test_shared_tables_are_written_with_each_encoder(tmp_path: Path) -> None:
    """A generator's encoder that lives on its discriminator's tables comes back whole."""
    torch.manual_seed(0)
    main = Encoder(TINY)
    narrow = Encoder(replace(TINY, width=8), main.embeddings).eval()
    initialize(main, 0.02)
    initialize(narrow, 0.02)
    save_encoder(tmp_path / "narrow.pt", narrow)
    tokens = torch.randint(40, (2, 5))
    found = load_encoder(tmp_path / "narrow.pt").eval()
    torch.testing.assert_close(found(tokens), narrow(tokens), rtol=0, atol=0)
