"""The objective that leaves the noise out without a trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lab.noise import iid_noise_masks
from lab.runs import noise_tokens_distribution, quantile
from t5study.objectives.objective import (
    TRUNCATED_SHARE,
    Corrupted,
    Objective,
    raw_tokens,
    register,
)
from t5study.objectives.spans import TokenRows, select


@register
@dataclass(frozen=True, kw_only=True)
class DropTokens(Objective):
    """Targets are the i.i.d. noise tokens in order, inputs all others; no sentinels (3.3.2)."""

    name: ClassVar[str] = "drop"
    noise_density: float

    def lengths(self, inputs_length: int) -> tuple[int, int]:
        """Takes raw tokens as if none were dropped, and targets that cut at most 1 in 1,000."""
        tokens_length = raw_tokens(inputs_length)
        distribution = self.targets_length_distribution(tokens_length)
        return tokens_length, quantile(distribution, TRUNCATED_SHARE)

    def targets_length_distribution(self, tokens_length: int) -> np.ndarray:
        eos = [0.0]
        return np.concatenate([eos, noise_tokens_distribution(tokens_length, self.noise_density)])

    def _corrupt(self, rows: TokenRows, rng: np.random.Generator) -> Corrupted:
        noise = iid_noise_masks(rows.lengths, rows.width, self.noise_density, rng)
        return Corrupted.of(select(rows, ~noise), select(rows, noise))
