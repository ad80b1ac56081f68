"""Objectives that continue a text: from a part of it, or from nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lab.noise import paired_prefix_noise_masks, random_prefix_noise_masks
from t5study.objectives.objective import Corrupted, Objective, certain, register
from t5study.objectives.spans import TokenRows, select


@register
@dataclass(frozen=True, kw_only=True)
class PrefixLanguageModeling(Objective):
    """Inputs are a prefix of the text, cut uniformly on 1..L-1, targets the rest (3.3.1).

    It stands in for language modeling where a model has an input part of its own (3.2.3). A text
    of one token is all target.
    """

    name: ClassVar[str] = "prefix_lm"
    joins_documents: ClassVar[bool] = False
    pairs_texts: ClassVar[bool] = True

    def row_length(self, inputs_length: int) -> int:
        """Gives the text's tokens and two EOS: both sides together are the text."""
        return self.lengths(inputs_length)[0] + 2

    def targets_length_distribution(self, tokens_length: int) -> np.ndarray:
        if tokens_length < 2:
            return certain(tokens_length + 1)
        distribution = np.full(tokens_length + 1, 1 / (tokens_length - 1))
        distribution[:2] = 0.0
        return distribution

    def _corrupt(self, rows: TokenRows, rng: np.random.Generator) -> Corrupted:
        prefix = random_prefix_noise_masks(rows.lengths, rows.width, rng)
        return Corrupted.of(select(rows, prefix), select(rows, ~prefix))

    def _corrupt_pairs(
        self, rows: TokenRows, second: np.ndarray, rng: np.random.Generator
    ) -> Corrupted:
        prefix = paired_prefix_noise_masks(rows.lengths, second, rows.width, rng)
        return Corrupted.of(select(rows, prefix), select(rows, ~prefix))


@register
@dataclass(frozen=True, kw_only=True)
class LanguageModeling(Objective):
    """Inputs are empty, targets the whole text (3.2.3)."""

    name: ClassVar[str] = "lm"
    architectures: ClassVar[tuple[str, ...]] = ("language_model",)

    def row_length(self, inputs_length: int) -> int:
        """Gives the targets' length: an example without inputs has no EOS for them either."""
        return self.lengths(inputs_length)[1]

    def _corrupt(self, rows: TokenRows, rng: np.random.Generator) -> Corrupted:
        nothing = TokenRows(np.zeros((len(rows.tokens), 0), np.int32), np.zeros_like(rows.lengths))
        return Corrupted.of(nothing, rows)
