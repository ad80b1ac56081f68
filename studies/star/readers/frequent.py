"""The option that is most often the answer in training, to questions of the same type."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from studies.star.questions import Question
from studies.star.readers import Chosen


def answer(questions: Sequence[Question], train: Sequence[Question]) -> Chosen:
    """The most frequent options; several where they are equally frequent."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for question in train:
        counts[question.type][question.answer_text] += 1
    chosen = []
    for question in questions:
        found = [counts[question.type][option.text] for option in question.options]
        chosen.append([place for place, count in enumerate(found) if count == max(found)])
    return chosen
