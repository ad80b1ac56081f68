"""What a tagger without a fault would do: rounds of one tag a token, until the target stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from studies.gector.tags.alignment import tags_of_pair
from studies.gector.tags.applying import apply_tags
from studies.gector.tags.tag import first
from studies.gector.tags.transformations import Transformations


class Round(NamedTuple):
    """The tags of one round and the sentence that they make."""

    tags: list[str]
    sentence: list[str]


def rounds(
    source: Sequence[str], target: Sequence[str], transformations: Transformations, most: int
) -> Iterator[Round]:
    """Yield rounds, each aligned anew, until the sentence is the target; at most so many."""
    sentence = [*source]
    for _ in range(most):
        if sentence == [*target]:
            return
        tags = [first(those) for those in tags_of_pair(sentence, target, transformations)]
        sentence = apply_tags(sentence, tags, transformations).tokens
        yield Round(tags, sentence)
