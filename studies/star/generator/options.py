"""Options: the right answer, and three wrong ones that go with the question."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from studies.star.classes import ACTIONS, OBJECTS_OF, VERBS_OF, phrase, verb_phrase
from studies.star.generator.asking import Answer, Draft, answer_key, question_key
from studies.star.generator.distractors import KINDS
from studies.star.templates import TEMPLATES

UNFIT = ("Feasibility_T2",)
"""Templates whose random option is a verb that does not go with the object ("Eat the book.")."""

T = TypeVar("T")


class Known:
    """The answers of the training questions: which there are, and how often, by group."""

    def __init__(self, drafts: Iterable[Draft]) -> None:
        self.answers: dict[str, dict[str, Answer]] = defaultdict(dict)
        """Template -> sentence -> answer."""
        self.counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        """(template, question key) -> answer key -> how often."""
        self._of_key: dict[tuple[str, str], Answer] = {}
        for draft in drafts:
            answer, template = draft.answer, draft.template
            key = answer_key(template, answer)
            self.answers[template].setdefault(draft.answer_text, answer)
            self.counts[template, question_key(draft)][key] += 1
            self._of_key.setdefault((template, key), answer)

    def of_key(self, template: str, key: str) -> Answer:
        """An answer that is counted under this key."""
        return self._of_key[template, key]


def frequent_candidates(
    counts: Mapping[str, int], right: str, compositional: str | None
) -> list[str]:
    """The answers that the frequent option is drawn from, by the training counts of its group.

    Those more frequent than both the right and the compositional one; where one of these is the
    most frequent, those between them, or below both if they are neighbours. Empty where the group
    says nothing. Where it has neither, all: the most frequent one twice.
    """
    ranked = sorted(counts, key=lambda answer: counts[answer])
    if len(ranked) < 2:
        return []
    places = sorted(ranked.index(one) if one in ranked else -1 for one in (right, compositional))
    low, high = places
    last = len(ranked) - 1
    if high == -1:
        return [*ranked, ranked[-1]]
    if high < last:
        return ranked[high + 1 :]
    return ranked[:low] if low == last - 1 else ranked[low + 1 : high]


class Options:
    """Finds the options of questions. `distractors` is a name in KINDS."""

    def __init__(self, known: Known, distractors: str) -> None:
        self._known = known
        self._kinds = KINDS[distractors]

    def of(self, draft: Draft, rng: np.random.Generator) -> list[Answer] | None:
        """Four answers, the right one first; None where there are not four different ones."""
        found = [draft.answer]
        for kind in self._kinds:
            option = FINDERS[kind](self, draft, found, rng)
            if option is None or self._unknown(draft, option) or self._taken(draft, option, found):
                option = self._any(draft, found, rng)
            if option is None:
                return None
            found.append(option)
        return found

    def _compositional(
        self, draft: Draft, found: Sequence[Answer], rng: np.random.Generator
    ) -> Answer | None:
        """Of the same situation where it has one that goes with the question."""
        fitting = self._fitting(draft)
        same = [Answer(phrase(a), ACTIONS[a].object) for a in draft.serving]
        usable = [one for one in same if fitting(one) and not self._taken(draft, one, found)]
        return _one(usable, rng) or self._random_partner(draft, found, rng)

    def _frequent(
        self, draft: Draft, found: Sequence[Answer], rng: np.random.Generator
    ) -> Answer | None:
        template = draft.template
        counts = self._known.counts.get((template, question_key(draft)), Counter())
        keys = [answer_key(template, one) for one in found]
        key = _one(frequent_candidates(counts, keys[0], keys[1]), rng)
        if key is None:
            return self._random(draft, found, rng)
        option = self._known.of_key(template, key)
        if TEMPLATES[template].names == "pair" and TEMPLATES[template].asked:
            option = Answer(option.verb, draft.answer.object)
        return option

    def _random(
        self, draft: Draft, found: Sequence[Answer], rng: np.random.Generator
    ) -> Answer | None:
        if draft.template in UNFIT:
            name = draft.answer.object
            unfit = [v for v in OBJECTS_OF if v not in VERBS_OF[name]]
            options = [Answer(verb_phrase(v), name) for v in unfit]
            return _one([o for o in options if not self._taken(draft, o, found)], rng)
        return self._random_partner(draft, found, rng)

    def _random_partner(
        self, draft: Draft, found: Sequence[Answer], rng: np.random.Generator
    ) -> Answer | None:
        """One of the 95 pairs that goes with the question; any training answer to an open one."""
        shape = TEMPLATES[draft.template]
        if shape.asked is None:
            return self._any(draft, found, rng)
        word = draft.slots[shape.asked].split(" ")[0]
        if shape.names == "object":
            options = [Answer(draft.answer.verb, name) for name in OBJECTS_OF.get(word, ())]
        else:
            options = [Answer(verb_phrase(verb), word) for verb in VERBS_OF.get(word, ())]
        return _one([o for o in options if not self._taken(draft, o, found)], rng)

    def _fitting(self, draft: Draft) -> Callable[[Answer], bool]:
        shape = TEMPLATES[draft.template]
        if shape.asked is None:
            return lambda option: True
        word = draft.slots[shape.asked].split(" ")[0]
        if shape.names == "object":
            return lambda option: option.verb.split(" ")[0] == word
        return lambda option: option.object == word

    def _any(
        self, draft: Draft, found: Sequence[Answer], rng: np.random.Generator
    ) -> Answer | None:
        known = self._known.answers[draft.template].values()
        return _one([one for one in known if not self._taken(draft, one, found)], rng)

    def _unknown(self, draft: Draft, option: Answer) -> bool:
        """Whether training has no such answer; a verb that does not fit is let pass."""
        if draft.template in UNFIT:
            return False
        sentence = TEMPLATES[draft.template].say(option.slots)
        return sentence not in self._known.answers[draft.template]

    def _taken(self, draft: Draft, option: Answer, found: Sequence[Answer]) -> bool:
        key = answer_key(draft.template, option)
        return any(answer_key(draft.template, one) == key for one in found)


Finder = Callable[[Options, Draft, Sequence[Answer], np.random.Generator], Answer | None]

FINDERS: Mapping[str, Finder] = {
    "compositional": Options._compositional,
    "frequent": Options._frequent,
    "random": Options._random,
}


def _one(options: Sequence[T], rng: np.random.Generator) -> T | None:
    return options[int(rng.integers(len(options)))] if options else None
