"""Objectives that corrupt tokens in place and ask for the whole text back."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lab.noise import iid_noise_masks
from t5study.objectives.objective import Corrupted, Objective, certain, register
from t5study.objectives.spans import (
    TokenRows,
    noise_token_to_random_token_or_sentinel,
    noise_token_to_sentinel,
)


@dataclass(frozen=True, kw_only=True)
class TokenReplacement(Objective):
    """Inputs are as long as the text, with i.i.d. noise replaced; targets are it (3.3.1-2)."""

    vocab_size: int
    noise_density: float

    def sentinels_distribution(self, tokens_length: int) -> np.ndarray:
        return certain(1)

    def _corrupt(self, rows: TokenRows, rng: np.random.Generator) -> Corrupted:
        noise = iid_noise_masks(rows.lengths, rows.width, self.noise_density, rng)
        return Corrupted.of(TokenRows(self._replaced(rows.tokens, noise, rng), rows.lengths), rows)

    @abstractmethod
    def _replaced(
        self, tokens: np.ndarray, noise: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray: ...


@register
@dataclass(frozen=True, kw_only=True)
class BertStyle(TokenReplacement):
    """Noise becomes one shared sentinel, or in a tenth of the cases any id that is not reserved."""

    name: ClassVar[str] = "bert"
    RANDOM_SHARE: ClassVar[float] = 0.1

    def version(self, inputs_length: int) -> int:
        """2: sentinels were not among the random ids at first."""
        return 2

    def _replaced(
        self, tokens: np.ndarray, noise: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        return noise_token_to_random_token_or_sentinel(
            tokens, noise, self.vocab_size, rng, random_share=self.RANDOM_SHARE
        )


@register
@dataclass(frozen=True, kw_only=True)
class MassStyle(TokenReplacement):
    """Every token of noise becomes one shared sentinel."""

    name: ClassVar[str] = "mass"

    def _replaced(
        self, tokens: np.ndarray, noise: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        return noise_token_to_sentinel(tokens, noise, self.vocab_size)
