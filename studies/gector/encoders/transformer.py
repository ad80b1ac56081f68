"""BERT's encoder, where wanted with shared layers: each position sees all others."""

from __future__ import annotations

from lab.encoder.encoder import Encoder

build = Encoder
