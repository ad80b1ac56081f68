"""From probabilities to a corrected sentence: tweaks, ensembles, rounds (sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from studies.gector.tags.tag import DELETE, KEEP

Sentence = list[str]
BIASED = (KEEP, DELETE)
"""The tags that confidences are added to."""


@dataclass(frozen=True, kw_only=True)
class Tweaks:
    """What trades recall for precision, chosen on validation data."""

    additional_confidence: float = 0.0
    """Added to the probability of KEEP; negative for more edits."""
    additional_delete_confidence: float = 0.0
    """Added to the probability of DELETE; released, not in the paper."""
    min_error_probability: float = 0.0
    """A sentence is left alone unless the detection head gives one of its tokens so much."""
    each_tag: bool = True
    """Whether each tag must have that probability too: released, not in the paper."""


class Decision(NamedTuple):
    """What is done to a sentence of T tokens, $START among them."""

    likeliest: list[str]
    """The likeliest tag of each token."""
    error_probability: float
    """Of the sentence: the largest that the detection head gives to a token."""
    tags: list[str]
    """The tags to apply."""


def biased(probabilities: np.ndarray, vocabulary: Sequence[str], tweaks: Tweaks) -> np.ndarray:
    """Add the confidences to probabilities (..., V) after the softmax: rows sum to 1 no more."""
    added = (tweaks.additional_confidence, tweaks.additional_delete_confidence)
    bias = dict(zip(BIASED, added, strict=True))
    return probabilities + np.array([bias.get(tag, 0.0) for tag in vocabulary])


def decide(
    probabilities: np.ndarray,
    incorrect: np.ndarray,
    vocabulary: Sequence[str],
    tweaks: Tweaks | None = None,
    numbers: np.ndarray | None = None,
) -> Decision:
    """Choose the tags of a sentence.

    probabilities (T, V) of tags, with the bias in them, or (T, C) of those of `numbers` (T, C);
    incorrect (T,) of the detection head's class INCORRECT.
    """
    tweaks = tweaks or Tweaks()
    minimum = tweaks.min_error_probability
    chosen = probabilities.argmax(axis=1)
    if numbers is not None:
        chosen = numbers[np.arange(len(chosen)), chosen]
    likeliest = [vocabulary[number] for number in chosen]
    error = float(incorrect.max())
    kept = [KEEP] * len(likeliest)
    if error < minimum:
        return Decision(likeliest, error, kept)
    least = minimum if tweaks.each_tag else 0.0
    sure = probabilities.max(axis=1) >= least
    tags = [tag if enough else KEEP for tag, enough in zip(likeliest, sure, strict=True)]
    return Decision(likeliest, error, tags)


def ensemble(members: Sequence[np.ndarray], weights: Sequence[float] | None = None) -> np.ndarray:
    """Return the mean of the members' probabilities, of tags or of errors; by weights if given."""
    return np.average(np.stack(members), axis=0, weights=weights)


class Candidates(NamedTuple):
    """What can be decided of a sentence of T tokens, by whatever tweaks: C of the V tags."""

    tags: np.ndarray
    """(T, C)."""
    numbers: np.ndarray
    """(T, C): which tags these are, in the order of the list."""
    incorrect: np.ndarray
    """(T,)."""


def candidates(
    probabilities: np.ndarray, incorrect: np.ndarray, vocabulary: Sequence[str]
) -> Candidates:
    """Keep the tags that confidences are added to, and each token's likeliest of the others.

    probabilities (T, V), incorrect (T,). `decide` finds in these what it finds in all.
    """
    named = [number for number, tag in enumerate(vocabulary) if tag in BIASED]
    others = probabilities.copy()
    others[:, named] = -1.0
    best = others.argmax(axis=1)[:, None]
    fixed = np.broadcast_to(np.array(named, best.dtype), (len(best), len(named)))
    numbers = np.sort(np.concatenate([fixed, best], axis=1), axis=1)
    return Candidates(np.take_along_axis(probabilities, numbers, axis=1), numbers, incorrect)


class Corrected(NamedTuple):
    """Sentences after their rounds."""

    sentences: list[Sentence]
    changes: list[int]
    """Sentences that were changed, by round."""


def correct(
    sentences: Sequence[Sentence],
    tagger: Callable[[list[Sentence]], list[Sentence]],
    iterations: int = 5,
    min_len: int = 3,
) -> Corrected:
    """Have the sentences tagged and edited again and again, at most so often.

    A sentence of less than `min_len` tokens is never tagged. One that a round leaves as it is goes
    no further, and one that becomes what it was before takes that and goes no further.
    """
    results = [list(sentence) for sentence in sentences]
    seen = [{tuple(sentence)} for sentence in sentences]
    going = [n for n, sentence in enumerate(sentences) if len(sentence) >= min_len]
    changes: list[int] = []
    while going and len(changes) < iterations:
        edited = tagger([results[n] for n in going])
        changed = [(n, new) for n, new in zip(going, edited, strict=True) if new != results[n]]
        changes.append(len(changed))
        going = [n for n, new in changed if tuple(new) not in seen[n]]
        for n, new in changed:
            results[n] = list(new)
            seen[n].add(tuple(new))
    return Corrected(results, changes)
