"""Several corpora as one, in fixed proportions of text (section 2.2's 10:1:1:1)."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lab.corpora.part import Part, identity_of
from lab.errors import DataError


@dataclass(frozen=True, kw_only=True)
class WeightedCorpus:
    """Several corpora whose characters stand as given weights, until the first has no more."""

    name: str
    """Name that `get_corpus` and configurations know it by."""
    description: str
    """What kind of text it is."""
    licence: str
    """Licence or terms of the text."""
    parts: tuple[tuple[float, Part], ...]
    """(weight, corpus) of each."""

    def __post_init__(self) -> None:
        check_weights([weight for weight, _ in self.parts])

    @property
    def approximate_tokens(self) -> int:
        """Tokens until the first part has no more, for planning."""
        whole = sum(weight for weight, _ in self.parts)
        return int(min(part.approximate_tokens / weight for weight, part in self.parts) * whole)

    def identity(self) -> dict[str, Any]:
        """Return plain values that name exactly which documents, without reading them."""
        parts = [{"weight": weight, **identity_of(part)} for weight, part in self.parts]
        return {"name": WEIGHTED, "parts": parts}

    def prepare(self) -> None:
        """Have all parts at hand. Raises DataError as they do."""
        for _, part in self.parts:
            part.prepare()

    def documents(self) -> Generator[str, None, None]:
        """Yield documents in a fixed order. Raises DataError as the parts do."""
        yield from weighted_documents([(weight, part.documents()) for weight, part in self.parts])


WEIGHTED = "weighted"
"""The name of all combinations: their parts tell them apart."""


def check_weights(weights: Sequence[float]) -> None:
    """Raise DataError unless all are above 0 and finite."""
    if not weights or any(not 0 < weight < math.inf for weight in weights):
        raise DataError(f"weights {weights}: give each corpus one above 0, such as 10 and 1.")


def weighted_documents(parts: Sequence[tuple[float, Iterable[str]]]) -> Iterator[str]:
    """Yield documents of (weight, documents) so that their characters stand as the weights.

    The next document is always of the part that is furthest behind, so the order is fixed; it all
    ends with the first part that has no more. Raises DataError for weights that are not above 0.
    """
    check_weights([weight for weight, _ in parts])
    weights = [weight for weight, _ in parts]
    waiting = [iter(documents) for _, documents in parts]
    characters = [0] * len(parts)
    while True:
        behind = min(range(len(parts)), key=lambda i: characters[i] / weights[i])
        document = next(waiting[behind], None)
        if document is None:
            return
        # An empty document counts too, or a part of nothing else would never end.
        characters[behind] += max(1, len(document))
        yield document
