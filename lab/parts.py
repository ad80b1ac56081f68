"""What each example adds to a score, kept so that the score can be computed over other examples.

A part is {kind: numbers}. The kind says how the numbers of many examples become a score of 0..100:

| kind | numbers of an example | score |
|---|---|---|
| mean | a total and a count | sum of totals / sum of counts |
| f1 | true positives, false positives, false negatives, of one class after the other | mean over classes of F1 of the sums |
| bleu | lengths of prediction and reference, matched n-grams of 1 to 4 words, all of them | corpus BLEU of the sums |
| matthews, pearson, spearman | target and prediction | correlation of the pairs |

An example without parts is scored with another one of its group, which has the parts of all.
"""  # noqa: E501

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class PartKind(StrEnum):
    """How the numbers of many examples become a score; readers know the same kinds."""

    MEAN = "mean"
    F1 = "f1"
    BLEU = "bleu"
    MATTHEWS = "matthews"
    PEARSON = "pearson"
    SPEARMAN = "spearman"


Scores = dict[str, float]
Part = dict[PartKind, Sequence[float]]
Parts = dict[str, Part]
"""An example's part in each metric."""

Score = Callable[[Sequence[Any], Sequence[Any]], Scores]
PartsOf = Callable[[Sequence[Any], Sequence[Any]], list[Parts]]


@dataclass(frozen=True)
class Metric:
    """Targets and predictions -> score by name, 0..100; `parts` are those of each example."""

    score: Score
    parts: PartsOf

    def __call__(self, targets: Sequence[Any], predictions: Sequence[Any]) -> Scores:
        """The score of these predictions."""
        return self.score(targets, predictions)


def measured(parts: PartsOf) -> Callable[[Score], Metric]:
    """Decorate a function of targets and predictions as the metric that has these parts."""
    return lambda score: Metric(score, parts)


def of_each(part: Callable[[Any, Any], Parts]) -> PartsOf:
    """The parts of metrics that look at one example at a time."""
    return lambda targets, predictions: [
        part(t, p) for t, p in zip(targets, predictions, strict=True)
    ]


def mean(value: float) -> Part:
    """The part of an example whose own score, 0..100, is averaged."""
    return {PartKind.MEAN: [value, 1]}


def pairs(name: str, kind: PartKind) -> PartsOf:
    """The parts of a score of all pairs together: the pair itself."""
    return of_each(lambda t, p: {name: {kind: [float(t), float(p)]}})


@of_each
def accuracy(target: Any, prediction: Any) -> Parts:
    """Right or wrong."""
    return {"acc": mean(100.0 if target == prediction else 0.0)}


@of_each
def binary_f1(target: int, prediction: int) -> Parts:
    """Counts of class 1; a prediction other than 0 and 1 counts as the wrong one of both."""
    counted = prediction if prediction in (0, 1) else 1 - target
    return {"f1": {PartKind.F1: counts(target, counted, [1])}}


def macro_f1(classes: int) -> PartsOf:
    """Counts of the classes 0..classes-1."""
    return of_each(lambda t, p: {"f1": {PartKind.F1: counts(t, p, range(classes))}})


def counts(target: int, prediction: int, classes: Sequence[int]) -> list[float]:
    """True positives, false positives, false negatives of each class."""
    return [
        number
        for one in classes
        for number in (
            int(target == one == prediction),
            int(target != one == prediction),
            int(target == one != prediction),
        )
    ]


def added(examples: Sequence[Parts]) -> Parts:
    """The parts of several examples as one's; only of kinds whose numbers are sums."""
    return {
        name: {
            kind: [sum(column) for column in zip(*(e[name][kind] for e in examples), strict=True)]
            for kind in part
        }
        for name, part in examples[0].items()
    }


def sampled(examples: Sequence[Parts]) -> dict[str, Any]:
    """What is told of a task's scored examples: how many, and each mean's standard error by them.

    {"examples": n, "errors": {metric: error}}. The error is that of a ratio of sums over n
    independent examples (Cochran, Sampling Techniques, section 2.11); no other kind has one here.
    """
    parts = [one for one in examples if one]
    means = [name for name, part in (parts[0] if parts else {}).items() if PartKind.MEAN in part]
    errors = {name: _error([one[name][PartKind.MEAN] for one in parts]) for name in means}
    return {"examples": len(parts), "errors": errors if len(parts) > 1 else {}}


def _error(parts: Sequence[Sequence[float]]) -> float:
    totals, counts = (sum(column) for column in zip(*parts, strict=True))
    squares = sum((total - totals / counts * count) ** 2 for total, count in parts)
    return math.sqrt(squares * len(parts) / max(1, len(parts) - 1)) / counts
