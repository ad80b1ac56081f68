"""What a tagger without a fault would do: rounds of one tag a token, until the target stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from studies.gector.scoring.token_edits import SCORER as TOKEN_EDITS
from studies.gector.tags.alignment import in_order, tags_of_pair
from studies.gector.tags.applying import apply_tags
from studies.gector.tags.tag import APPEND, DELETE, KEEP, REPLACE, first
from studies.gector.tags.transformations import Transformations


class Round(NamedTuple):
    """The tags of one round and the sentence that they make."""

    tags: list[str]
    sentence: list[str]


def rounds(
    source: Sequence[str], target: Sequence[str], transformations: Transformations, most: int
) -> Iterator[Round]:
    """Yield rounds, each aligned anew, until the sentence is the target; at most so many.

    The diff of the alignment is no shortest one: where words come again and again, it can lead in
    a circle. From there on the tags are those of a shortest diff, each of which brings the target
    nearer.
    """
    sentence, seen = [*source], set()
    for _ in range(most):
        if sentence == [*target]:
            return
        circle = tuple(sentence) in seen
        seen.add(tuple(sentence))
        if circle:
            tags = shortest_tags(sentence, target)
        else:
            tags = tags_of_pair(sentence, target, transformations)
        kept = [first(those) for those in tags]
        sentence = apply_tags(sentence, kept, transformations).tokens
        yield Round(kept, sentence)


def shortest_tags(source: Sequence[str], target: Sequence[str]) -> list[list[str]]:
    """Return the fewest basic tags that make the target, of $START and of each source token."""
    tags: list[list[str]] = [[] for _ in range(len(source) + 1)]
    for start, end, text in TOKEN_EDITS.edits(source, target):
        words = text.split()
        if start == end:
            tags[start] += [APPEND + word for word in words]
        for place, (one, other) in enumerate(in_order(end - start, len(words)), start + 1):
            run = words[one:other]
            tags[place] += [REPLACE + run[0]] if run else [DELETE]
            tags[place] += [APPEND + word for word in run[1:]]
    return [those or [KEEP] for those in tags]
