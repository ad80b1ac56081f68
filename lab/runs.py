"""Exact distributions of what i.i.d. corruption makes of a text: sentinels and target tokens.

All are found by walking along the text with two states (was the last token noise?) and counting
what each token adds, so that tails as small as 1e-300 keep their digits.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=256)
def noise_runs_distribution(length: int, noise_density: float) -> np.ndarray:
    """Gives the probability of k runs of noise at index k, for `length` i.i.d. tokens."""
    return _walk(length, noise_density, starts_in_noise=False, noise_run=1)


@lru_cache(maxsize=256)
def sentinels_distribution(length: int, noise_density: float, targets_style: str) -> np.ndarray:
    """Gives the probability that inputs and targets together use k different sentinels, at index k.

    "paper" targets use one more than there are runs of noise; "released" ones number the
    uncorrupted runs, so the larger of the two counts decides: that of the kind that comes first.
    """
    if targets_style == "paper":
        return np.concatenate([[0.0], noise_runs_distribution(length, noise_density)])
    if length == 0:
        return np.array([1.0])
    # With the first token fixed the rest is a walk of length - 1 behind one run already counted.
    noise_first = _walk(length - 1, noise_density, starts_in_noise=True, noise_run=1)
    other_first = _walk(length - 1, 1 - noise_density, starts_in_noise=True, noise_run=1)
    mixed = noise_density * noise_first + (1 - noise_density) * other_first
    return np.concatenate([[0.0], mixed])


@lru_cache(maxsize=256)
def targets_length_distribution(
    length: int, noise_density: float, targets_style: str
) -> np.ndarray:
    """Gives the probability of targets of k tokens with EOS at index k, for i.i.d. spans.

    Noise tokens count one each; so does each uncorrupted run ("released") or each run of noise and
    the closing sentinel ("paper").
    """
    if targets_style == "paper":
        tokens = _walk(length, noise_density, starts_in_noise=False, noise_token=1, noise_run=1)
        return np.concatenate([[0.0, 0.0], tokens])
    tokens = _walk(length, noise_density, starts_in_noise=True, noise_token=1, nonnoise_run=1)
    return np.concatenate([[0.0], tokens])


@lru_cache(maxsize=256)
def noise_tokens_distribution(length: int, noise_density: float) -> np.ndarray:
    """Gives the probability of k noise tokens at index k: the binomial distribution."""
    return _walk(length, noise_density, starts_in_noise=False, noise_token=1)


def exceeds(distribution: np.ndarray, limit: int) -> float:
    """Gives the probability of a count above `limit`."""
    return float(distribution[max(limit + 1, 0) :][::-1].sum())


def quantile(distribution: np.ndarray, failure: float) -> int:
    """Gives the smallest count that is exceeded with probability at most `failure`."""
    tails = np.cumsum(distribution[::-1])[::-1]
    return int(np.count_nonzero(tails[1:] > failure))


def _walk(
    length: int,
    noise_density: float,
    *,
    starts_in_noise: bool,
    noise_token: int = 0,
    noise_run: int = 0,
    nonnoise_run: int = 0,
) -> np.ndarray:
    """Distributes the sum of what tokens and new runs add, behind one token of the given kind."""
    size = length * (noise_token + max(noise_run, nonnoise_run)) + 1
    noise, nonnoise = np.zeros(size), np.zeros(size)
    (noise if starts_in_noise else nonnoise)[0] = 1.0
    for _ in range(length):
        noise, nonnoise = (
            noise_density * _later(noise + _later(nonnoise, noise_run), noise_token),
            (1 - noise_density) * (nonnoise + _later(noise, nonnoise_run)),
        )
    total = noise + nonnoise
    total.flags.writeable = False  # cached: a caller must not change what the next one gets
    return total


def _later(counts: np.ndarray, by: int) -> np.ndarray:
    return counts if by == 0 else np.concatenate([np.zeros(by), counts[:-by]])
