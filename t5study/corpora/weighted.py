"""Several corpora as one, in fixed proportions of text (section 2.2's 10:1:1:1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from t5study.errors import DataError


def weighted_documents(parts: Sequence[tuple[float, Iterable[str]]]) -> Iterator[str]:
    """Yield documents of (weight, documents) so that their characters stand as the weights.

    The next document is always of the part that is furthest behind, so the order is fixed; it all
    ends with the first part that has no more. Raises DataError for weights that are not above 0.
    """
    if not parts or any(not weight > 0 for weight, _ in parts):
        raise DataError(
            f"weights {[weight for weight, _ in parts]}: give each corpus one above 0, such as "
            "10 and 1."
        )
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
