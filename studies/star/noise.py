"""What is not true: situations as a detector that errs would see them, programs with wrong words.

A mistake is drawn once a video, so that its questions share it, and the mistakes at one rate are
among those at a higher one. All of it is invented: no detector is behind these rates.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from studies.star.classes import ACTIONS, OBJECTS, OBJECTS_OF, PERSON, RELATIONS, VERBS
from studies.star.programs import INPUTS, Program
from studies.star.situations import Frame, Situations

TRUE, NOISY = "true", "noisy"

BY_PAIR = {pair: id for id, pair in reversed(list(ACTIONS.items()))}
"""Verb and object -> the first action of the two."""
THINGS = tuple(thing for thing in OBJECTS if thing != PERSON)


class Perception:
    """Situations with wrong objects, relations or actions, each "true" or "noisy".

    An object that is taken for another one is so in every frame. A relation is mistaken frame by
    frame. A mistaken action is another one of the 111 wherever it runs; where both objects and
    actions are noisy, an action is read with the object that was seen, and missed where no such
    action exists.
    """

    def __init__(
        self, *, objects: str, relations: str, graph: str, noise: float, seed: int
    ) -> None:
        self._noise, self._seed = noise, seed
        self._objects = objects == NOISY
        self._relations = relations == NOISY
        self._graph = graph == NOISY

    def see(self, situations: Situations, video: str) -> dict[str, Frame]:
        """The situations of a video's question as they are seen."""
        things = self._mistaken(video, 3, THINGS) if self._objects else {}
        acts = self._mistaken(video, 4, tuple(ACTIONS)) if self._graph else {}
        seen = {}
        for number, frame in situations.items():
            relations = frame.relations
            if self._relations:
                wrong = self._mistaken(f"{video} {number}", 5, tuple(RELATIONS))
                relations = tuple(wrong.get(relation, relation) for relation in relations)
            actions = (self._action(acts.get(action, action), things) for action in frame.actions)
            seen[number] = Frame(
                actions=tuple(dict.fromkeys(action for action in actions if action)),
                objects=tuple(dict.fromkeys(things.get(thing, thing) for thing in frame.objects)),
                relations=relations,
                pairs=tuple(
                    (things.get(one, one), things.get(other, other)) for one, other in frame.pairs
                ),
            )
        return seen

    def _action(self, action: str, things: Mapping[str, str]) -> str | None:
        if not (self._graph and things):
            return action
        verb, name = ACTIONS[action]
        thing = next(id for id, known in OBJECTS.items() if known == name)
        if thing not in things:
            return action
        return BY_PAIR.get((verb, OBJECTS[things[thing]]))  # type: ignore[call-overload]

    def _mistaken(self, where: str, kind: int, classes: Sequence[str]) -> dict[str, str]:
        """Class -> the other one that it is taken for, of those that are mistaken."""
        rng = np.random.default_rng([self._seed, kind, zlib.crc32(where.encode())])
        chance = rng.random(len(classes))
        other = rng.integers(1, len(classes), size=len(classes))
        return {
            one: classes[(place + int(other[place])) % len(classes)]
            for place, one in enumerate(classes)
            if chance[place] < self._noise
        }


KINDS_OF_WORDS = (
    tuple(OBJECTS_OF),
    tuple(verb for verb in VERBS.values() if verb not in OBJECTS_OF),
    tuple(OBJECTS.values()),
    tuple(RELATIONS.values()),
)
"""Words are mistaken within their kind: verbs of the action space, other verbs, and so on."""


def misread(program: Program, *, noise: float, rng: np.random.Generator) -> Program:
    """A program each of whose words is, at this rate, another one of its kind."""
    read = []
    for word in program:
        chance, place = rng.random(), rng.random()
        kind = next((kind for kind in KINDS_OF_WORDS if word in kind), ())
        if word not in INPUTS and len(kind) > 1 and chance < noise:
            others = [one for one in kind if one != word]
            word = others[int(place * len(others))]
        read.append(word)
    return tuple(read)
