"""Pieces as often as they stand in the training text (section 3.2)."""

from __future__ import annotations

from typing import Any

import torch

from lab.encoder.pretraining.frequencies import unigram_logits
from studies.electra.generators.uniform import UniformGenerator


class UnigramGenerator(UniformGenerator):
    """One distribution for all positions."""

    def prepare(self, lines: Any, pieces: Any) -> None:
        self.logits.copy_(torch.from_numpy(unigram_logits(lines, pieces)))


generator = UnigramGenerator
