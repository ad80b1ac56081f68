"""The list of tags that a tagger chooses from: the most frequent of its training data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from studies.gector.tags.tag import DELETE, KEEP, PADDING, UNKNOWN, kind

SPECIAL = (UNKNOWN, PADDING)


@dataclass(frozen=True)
class TagVocabulary:
    """Tags by their class: KEEP is 0, DELETE 1, the unknown class and padding are the last."""

    tags: tuple[str, ...]

    @staticmethod
    def of(counts: Counter[str], size: int) -> TagVocabulary:
        """Take the `size` most frequent tags, KEEP and DELETE among them; two classes come on top.

        Of equally frequent tags the first in alphabetical order goes in.
        """
        words = sorted(counts.keys() - {KEEP, DELETE, *SPECIAL}, key=lambda t: (-counts[t], t))
        return TagVocabulary((KEEP, DELETE, *words[: max(size - 2, 0)], *SPECIAL))

    def __len__(self) -> int:
        return len(self.tags)

    @cached_property
    def classes(self) -> dict[str, int]:
        """Tag -> class."""
        return {tag: number for number, tag in enumerate(self.tags)}

    def encode(self, tags: Sequence[str]) -> list[int]:
        """Return the classes of tags; the unknown one for tags that are not in the list."""
        unknown = self.classes[UNKNOWN]
        return [self.classes.get(tag, unknown) for tag in tags]

    def covers(self, tag: str) -> bool:
        """Return whether the tagger can give the tag."""
        return tag in self.classes and tag not in SPECIAL

    def composition(self) -> dict[str, int]:
        """Return how many tags there are of each kind, and in all."""
        counts = Counter(
            "special" if tag in SPECIAL else kind(tag).partition("_")[0] for tag in self.tags
        )
        return {**counts, "total": len(self)}


def errorful(tags: Iterable[Sequence[Sequence[str]]]) -> Counter[str]:
    """Count all tags but KEEP in the tags of many pairs, each of a token's several."""
    return Counter(tag for pair in tags for those in pair for tag in those if tag != KEEP)


def coverage(edits: Counter[str], vocabulary: TagVocabulary) -> float:
    """Return the percentage of edits that the vocabulary can make (Table 2)."""
    covered = sum(count for tag, count in edits.items() if vocabulary.covers(tag))
    return 100.0 * covered / max(sum(edits.values()), 1)
