"""Splits by video, and answers cut down so that none is much more frequent than the next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

SPLITS: Mapping[str, float] = {"train": 0.6, "validation": 0.2, "test": 0.2}
"""Shares of all questions, as of each type's."""
PASSES = (("action", 0.25, 0.95), ("answer", 0.2, 1.0))
"""What is counted, the share of its values that is looked at, how much of the one below is left."""
ORDER_SEED = 126

H = TypeVar("H", bound=Hashable)


class Asked(Protocol):
    """What is looked at of a question."""

    @property
    def template(self) -> str:
        """Its template's name."""

    @property
    def video(self) -> str:
        """Its video's id."""

    @property
    def type(self) -> str:
        """One of the four."""


class Answered(Asked, Protocol):
    """A question whose answer is counted."""

    @property
    def answer_action(self) -> str:
        """The id of the answer's action."""

    @property
    def answer_text(self) -> str:
        """The answer's sentence."""


A = TypeVar("A", bound=Asked)
B = TypeVar("B", bound=Answered)


def resample(counts: Mapping[H, int], threshold: float, ratio: float) -> dict[H, int]:
    """How many of each value to drop, of those that are looked at.

    Counts in rising order; from place floor(n (1 - threshold)) on, each next one is cut to at most
    floor(ratio x the one below, as already cut), and to 1 at least.
    """
    ranked = sorted(counts, key=lambda value: (counts[value], value))
    left = dict(counts)
    dropped = {}
    first = int(len(ranked) * (1 - threshold))
    for below, value in zip(ranked[first:], ranked[first + 1 :], strict=False):
        most = max(int(ratio * left[below]), 1)
        dropped[value] = max(0, left[value] - most)
        left[value] -= dropped[value]
    return dropped


def balanced(questions: Sequence[B]) -> list[B]:
    """Questions with the actions and then the answers of each template resampled.

    Dropped first are those of the videos with most questions, and of these the ones whose action
    is the most frequent for their answer.
    """
    left = list(questions)
    for what, threshold, ratio in PASSES:
        left = _pass(left, _COUNTED[what], threshold, ratio)
    return left


_COUNTED: Mapping[str, Callable[[Answered], str]] = {
    "action": lambda question: question.answer_action,
    "answer": lambda question: question.answer_text,
}


def _pass(
    questions: Sequence[B], value: Callable[[Answered], str], threshold: float, ratio: float
) -> list[B]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    of_video = Counter(question.video for question in questions)
    of_action = Counter((q.answer_text, q.answer_action) for q in questions)
    for question in questions:
        counts[question.template][value(question)] += 1
    drop = {template: resample(found, threshold, ratio) for template, found in counts.items()}

    def rank(place: int) -> tuple[int, str, int, int]:
        q = questions[place]
        return -of_video[q.video], q.video, -of_action[q.answer_text, q.answer_action], place

    dropped = set()
    for place in sorted(range(len(questions)), key=rank):
        template, found = questions[place].template, value(questions[place])
        if drop[template].get(found, 0) > 0:
            drop[template][found] -= 1
            dropped.add(place)
    return [question for place, question in enumerate(questions) if place not in dropped]


def split(questions: Iterable[A]) -> dict[str, list[A]]:
    """Questions of each split: whole videos, until a type has its share; the rest is dropped."""
    by_video: dict[str, list[A]] = defaultdict(list)
    for question in questions:
        by_video[question.video].append(question)
    totals = Counter(q.type for found in by_video.values() for q in found)
    order = np.random.default_rng(ORDER_SEED).permutation(sorted(by_video)).tolist()
    places = iter(order)
    made: dict[str, list[A]] = {name: [] for name in SPLITS}
    for name, share in SPLITS.items():
        most = {kind: share * total for kind, total in totals.items()}
        taken: Counter[str] = Counter()
        for video in places:
            kept = [q for q in by_video[video] if taken[q.type] < most[q.type]]
            taken.update(question.type for question in kept)
            made[name] += kept
            if taken.total() >= share * totals.total():
                break
    return made
