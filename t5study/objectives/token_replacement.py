"""Objectives that corrupt tokens in place and ask for the whole text back."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from t5study.objectives.noise import iid_noise_masks
from t5study.objectives.objective import (
    FIRST_ORDINARY_ID,
    Corrupted,
    Objective,
    certain,
    register,
)
from t5study.objectives.spans import Rows


@dataclass(frozen=True, kw_only=True)
class TokenReplacement(Objective):
    """Inputs are as long as the text, with i.i.d. noise replaced; targets are the text (3.3.1)."""

    vocab_size: int
    noise_density: float

    def sentinels_distribution(self, tokens_length: int) -> np.ndarray:
        return certain(1)

    def _corrupt(self, rows: Rows, rng: np.random.Generator) -> Corrupted:
        noise = iid_noise_masks(rows.lengths, rows.width, self.noise_density, rng)
        tokens = rows.tokens.copy()
        tokens[noise] = self._replacements(int(np.count_nonzero(noise)), rng)
        return Corrupted.of(Rows(tokens, rows.lengths), rows)

    @abstractmethod
    def _replacements(self, count: int, rng: np.random.Generator) -> np.ndarray | int: ...


@register
@dataclass(frozen=True, kw_only=True)
class BertStyle(TokenReplacement):
    """Noise becomes one shared sentinel, or in a tenth of the cases a random ordinary token."""

    name: ClassVar[str] = "bert"
    RANDOM_SHARE: ClassVar[float] = 0.1
    num_sentinels: int

    def _replacements(self, count: int, rng: np.random.Generator) -> np.ndarray:
        ordinary = rng.integers(
            FIRST_ORDINARY_ID, self.vocab_size - self.num_sentinels, size=count, dtype=np.int32
        )
        return np.where(rng.random(count) < self.RANDOM_SHARE, ordinary, self.vocab_size - 1)


@register
@dataclass(frozen=True, kw_only=True)
class MassStyle(TokenReplacement):
    """Every token of noise becomes one shared sentinel."""

    name: ClassVar[str] = "mass"

    def _replacements(self, count: int, rng: np.random.Generator) -> int:
        return self.vocab_size - 1
