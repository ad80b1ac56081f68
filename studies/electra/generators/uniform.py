"""Any piece that is no special one, each as often as another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from lab.encoder.encoder import Encoder
from studies.electra.generator import Generator, Rows


class UniformGenerator(Generator):
    """One distribution for all positions. The released code's one draws special pieces too."""

    logits: Tensor

    def __init__(self, settings: Mapping[str, Any], main: Encoder, tying: str) -> None:
        super().__init__()
        self.register_buffer("logits", torch.zeros(main.config.vocabulary))

    def prepare(self, lines: Any, pieces: Any) -> None:
        self.logits[sorted(pieces.special)] = -torch.inf

    def forward(self, rows: Rows, shown: Tensor) -> tuple[Tensor, None]:
        return self.logits.expand(*rows["drawn"].shape, -1), None


generator = UniformGenerator
