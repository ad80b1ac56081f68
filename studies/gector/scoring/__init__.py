"""Precision, recall and F0.5 of corrections, by three scorers that must not be mixed up.

`token_edits` is this project's own, `max_match` the M2 scorer of CoNLL-2014, `errant` that of
BEA-2019. A scorer is found by its name; `score` is the same for all of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from lab.errors import DataError, unknown
from studies.gector.scoring.counts import Counts
from studies.gector.scoring.edits import Edit, GoldEdit, Tie

BETA = 0.5


class Scorer(Protocol):
    """One way to find the edits of an output and to compare them with the right ones."""

    name: str
    tie: Tie
    """Which reference counts of those that give the same F."""

    def check(self) -> None:
        """Raise DataError with what is missing and what to type."""

    def edits(self, source: Sequence[str], target: Sequence[str]) -> list[Edit]:
        """Return the edits that make the target, in order."""

    def counts(
        self, source: Sequence[str], output: Sequence[str], gold: Sequence[GoldEdit]
    ) -> Counts:
        """Count an output's edits that are right, that are not, and the ones it lacks."""


class Example(NamedTuple):
    """A sentence as it was, as it came out, and what each annotator would have edited."""

    source: Sequence[str]
    output: Sequence[str]
    annotators: Sequence[Sequence[GoldEdit]]
    """One without edits says that the sentence is right."""


class Score(NamedTuple):
    """What a scorer says of a whole set; shares, not percentages."""

    counts: Counts
    precision: float
    recall: float
    f: float
    """F0.5 of the whole set's counts, not a mean over sentences."""
    right_sentences: int
    """Sentences that an annotator would leave as they are."""
    spoiled: int
    """How many of them came out changed."""
    false_edits: int
    """Edits in these."""


def scorer_names() -> list[str]:
    """Return the scorers by name."""
    beside = {"counts", "edits"}
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in beside)


def get_scorer(name: str) -> Scorer:
    """Return the scorer of a name. Raises DataError for others."""
    if name not in scorer_names():
        raise DataError(unknown("scorer", name, scorer_names()))
    module = importlib.import_module(f"{__name__}.{name}")
    return module.SCORER


def score(examples: Iterable[Example], scorer: Scorer) -> Score:
    """Count over a whole set; for each sentence the annotator counts that gives the best F so far.

    Raises DataError where the scorer cannot run.
    """
    scorer.check()
    total = Counts(0, 0, 0)
    right = spoiled = false = 0
    for source, output, annotators in examples:
        candidates = [scorer.counts(source, output, gold) for gold in annotators]
        total = total.plus(best(candidates, total, scorer.tie))
        if not all(annotators):
            right += 1
            spoiled += [*source] != [*output]
            false += len(scorer.edits(source, output))
    return Score(total, total.precision, total.recall, total.f(BETA), right, spoiled, false)


def best(candidates: Sequence[Counts], so_far: Counts, tie: Tie, beta: float = BETA) -> Counts:
    """Return the counts that give the best F together with what was counted before.

    Raises DataError where there are none: a sentence needs an annotator.
    """
    if not candidates:
        raise DataError("A sentence has no annotator; one without edits says that it is right.")
    return max(candidates, key=lambda one: (so_far.plus(one).f(beta), *tie(one)))
