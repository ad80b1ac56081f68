"""Objectives that put one sentinel in the place of every run of noise."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lab.noise import (
    iid_noise_masks,
    random_spans_counts,
    random_spans_lengths,
    random_spans_noise_masks,
)
from lab.runs import (
    exceeds,
    quantile,
    sentinels_distribution,
    targets_length_distribution,
)
from t5study.objectives.objective import (
    FAILURE,
    TRUNCATED_SHARE,
    Corrupted,
    Objective,
    certain,
    raw_tokens,
    register,
)
from t5study.objectives.spans import TokenRows, collapse, labelled_runs, run_starts


@dataclass(frozen=True, kw_only=True)
class SpanReplacement(Objective):
    """Inputs hold a sentinel for every run of noise, targets the noise itself (3.1.4).

    targets_style "paper": each run is led by the sentinel that stands for it in the inputs, and a
    closing sentinel ends the targets. "released", the default and what the published numbers were
    trained on: the targets' sentinels stand in for the uncorrupted runs and are numbered on their
    own. The two differ where a text begins with noise (the target begins with bare tokens, and
    every label is off by one) or ends with it (no closing sentinel).

    An example with more runs than sentinels keeps its last runs uncorrupted and is marked.
    """

    vocab_size: int
    noise_density: float
    num_sentinels: int
    targets_style: str

    def sentinel_warning(self, inputs_length: int) -> str | None:
        tokens_length, _ = self.lengths(inputs_length)
        distribution = self.sentinels_distribution(tokens_length)
        needed = quantile(distribution, FAILURE)
        if needed <= self.num_sentinels:
            return None
        return (
            f"Objective {self.name!r} at noise_density={self.noise_density:g} on "
            f"{tokens_length} tokens needs {needed} sentinels for all but {FAILURE:g} of its "
            f"examples; the vocabulary has {self.num_sentinels}, so the last runs of "
            f"{exceeds(distribution, self.num_sentinels):.2g} of the examples stay uncorrupted. "
            f"Give the vocabulary num_sentinels={needed}."
        )

    def _corrupt(self, rows: TokenRows, rng: np.random.Generator) -> Corrupted:
        noise, overflowed = self._within_sentinels(rows, self._noise_masks(rows, rng))
        if self.targets_style == "paper":
            targets = labelled_runs(rows, noise, self.vocab_size)
        else:
            targets = collapse(rows, ~noise, self.vocab_size)
        return Corrupted.of(collapse(rows, noise, self.vocab_size), targets, overflowed)

    @abstractmethod
    def _noise_masks(self, rows: TokenRows, rng: np.random.Generator) -> np.ndarray: ...

    def _within_sentinels(
        self, rows: TokenRows, noise: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Clears the last runs of examples that need too many sentinels, and marks those."""
        starts = run_starts(noise)
        runs = np.count_nonzero(starts, axis=1)
        needed = runs + 1
        if needed.max(initial=0) <= self.num_sentinels:
            return noise, np.zeros(len(noise), dtype=bool)
        if self.targets_style == "released":
            needed = np.maximum(runs, np.count_nonzero(run_starts(rows.inside(~noise)), axis=1))
        overflowed = needed > self.num_sentinels
        # What is left uncorrupted at the end needs a sentinel of its own in the targets. Only
        # released targets that begin with noise have one to spare for it.
        spare = noise[:, 0] & (self.targets_style == "released")
        kept_runs = np.where(overflowed, self.num_sentinels - 1 + spare, runs)
        return noise & (np.cumsum(starts, axis=1) <= kept_runs[:, None]), overflowed


@register
@dataclass(frozen=True, kw_only=True)
class IidSpans(SpanReplacement):
    """Every token is noise on its own: the baseline (3.1.4)."""

    name: ClassVar[str] = "iid"

    PUBLISHED_TARGETS_LENGTHS: ClassVar[dict[tuple[int, float], int]] = {
        (512, 0.10): 103,
        (512, 0.15): 192,
        (512, 0.25): 256,
        (512, 0.50): 512,
    }

    def lengths(self, inputs_length: int) -> tuple[int, int]:
        """Takes raw tokens as if none were noise, and the published targets length if there is one.

        For other inputs and rates: the shortest that cuts at most 1 in 1,000 examples.
        """
        tokens_length = raw_tokens(inputs_length)
        published = self.PUBLISHED_TARGETS_LENGTHS.get((inputs_length, self.noise_density))
        if published is not None:
            return tokens_length, published
        distribution = self.targets_length_distribution(tokens_length)
        return tokens_length, quantile(distribution, TRUNCATED_SHARE)

    def targets_length_distribution(self, tokens_length: int) -> np.ndarray:
        return targets_length_distribution(tokens_length, self.noise_density, self.targets_style)

    def sentinels_distribution(self, tokens_length: int) -> np.ndarray:
        return sentinels_distribution(tokens_length, self.noise_density, self.targets_style)

    def _noise_masks(self, rows: TokenRows, rng: np.random.Generator) -> np.ndarray:
        return iid_noise_masks(rows.lengths, rows.width, self.noise_density, rng)


@register
@dataclass(frozen=True, kw_only=True)
class RandomSpans(SpanReplacement):
    """Noise comes in spans of a mean length; its amount and their number are exact (3.3.4)."""

    name: ClassVar[str] = "span"
    mean_noise_span_length: float

    def lengths(self, inputs_length: int) -> tuple[int, int]:
        """Takes as many raw tokens as fill the inputs, and targets that are never cut."""
        tokens_length, targets_length = random_spans_lengths(
            inputs_length, self.noise_density, self.mean_noise_span_length
        )
        if self.sentinels_needed(tokens_length) > self.num_sentinels:
            # Spans that stay uncorrupted keep all their tokens in the inputs.
            tokens_length = raw_tokens(inputs_length)
            targets_length = len(self.targets_length_distribution(tokens_length)) - 1
        elif self.targets_style == "paper":
            targets_length += 1
        return tokens_length, targets_length

    def version(self, inputs_length: int) -> int:
        """2 where more spans are asked for than fit: then more raw tokens were taken at first."""
        tokens_length, _ = self.lengths(inputs_length)
        # One token more, because at one half the longest text that fits is not taken.
        tokens, spans = self._counts(tokens_length + 1)
        return 2 if round(tokens / self.mean_noise_span_length) > spans else 1

    def targets_length_distribution(self, tokens_length: int) -> np.ndarray:
        tokens, _ = self._counts(tokens_length)
        return certain(tokens + self.sentinels_needed(tokens_length) + 1)

    def sentinels_distribution(self, tokens_length: int) -> np.ndarray:
        _, spans = self._counts(tokens_length)
        # Released targets of a text without noise still hold the sentinel for all of it.
        return certain(spans + 1 if self.targets_style == "paper" else max(spans, 1))

    def _counts(self, tokens_length: int) -> tuple[int, int]:
        tokens, spans = random_spans_counts(
            tokens_length, self.noise_density, self.mean_noise_span_length
        )
        return int(tokens), int(spans)

    def _noise_masks(self, rows: TokenRows, rng: np.random.Generator) -> np.ndarray:
        return random_spans_noise_masks(
            rows.lengths, rows.width, self.noise_density, self.mean_noise_span_length, rng
        )
