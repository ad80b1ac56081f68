"""A stream of pairs to a stream of tags, and what one round of tags cannot say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from studies.gector.tags.alignment import tags_of_pair
from studies.gector.tags.tag import KEEP
from studies.gector.tags.transformations import Family
from studies.gector.tags.vocabulary import TagVocabulary


class Tagged(NamedTuple):
    """A sentence and all tags of $START and of each of its tokens."""

    source: Sequence[str]
    tags: list[list[str]]


@dataclass
class Tally:
    """Counts of what went by."""

    pairs: int = 0
    blank: int = 0
    """Left out, as released: one of the two sides has no token."""
    unchanged: int = 0
    edits: Counter[str] = field(default_factory=Counter)
    """All tags but KEEP."""
    later: int = 0
    """Edits that are not the first of their token: a later round must find them."""

    def outside(self, vocabulary: TagVocabulary) -> int:
        """Return how many edits have tags that a vocabulary lacks: no round can make them."""
        return sum(count for tag, count in self.edits.items() if not vocabulary.covers(tag))

    def add(self, tags: Iterable[Sequence[str]]) -> None:
        """Count the tags of one pair."""
        own = [those for those in tags if those[0] != KEEP]
        self.pairs += 1
        self.unchanged += not own
        for those in own:
            self.edits.update(those)
            self.later += len(those) - 1


def tagged(
    pairs: Iterable[tuple[Sequence[str], Sequence[str]]], family: Family, tally: Tally | None = None
) -> Iterator[Tagged]:
    """Yield the tags of pairs of token lists, one at a time, in order; those with a blank side not.

    `tally` counts what goes by.
    """
    counts = tally or Tally()
    for source, target in pairs:
        if not source or not target:
            counts.pairs += 1
            counts.blank += 1
            continue
        tags = tags_of_pair(source, target, family)
        counts.add(tags)
        yield Tagged(source, tags)
