"""Which of many labelled examples stand for all of them, where only some are used."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def stratified(labels: Sequence[int], limit: int) -> list[int]:
    """The positions, rising, of `limit` examples that have the labels in the shares of all.

    Each label gets its share rounded up or down, the largest remainders up, and its examples are
    taken evenly from first to last: the choice depends on the labels and their order alone. All
    positions where there are no more than `limit` examples.
    """
    if len(labels) <= limit:
        return list(range(len(labels)))
    places: dict[int, list[int]] = {}
    for position, label in enumerate(labels):
        places.setdefault(label, []).append(position)
    shares = {label: Fraction(limit * len(of), len(labels)) for label, of in places.items()}
    counts = {label: int(share) for label, share in shares.items()}
    by_remainder = sorted(places, key=lambda label: (counts[label] - shares[label], label))
    for label in by_remainder[: limit - sum(counts.values())]:
        counts[label] += 1
    return sorted(
        of[number * len(of) // counts[label]]
        for label, of in places.items()
        for number in range(counts[label])
    )
