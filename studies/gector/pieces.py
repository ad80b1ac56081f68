"""From words to the subwords of an encoder: which are kept, and which stands for its word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TypeVar

Piece = TypeVar("Piece")


def kept_pieces(
    words: Sequence[Sequence[Piece]], per_word: int = 5, longest: int = 512
) -> tuple[list[Piece], list[int]]:
    """Return the pieces that an encoder reads and the place of each word's first one.

    A word keeps its first `per_word` pieces; where the sentence is still longer than `longest`,
    every word keeps one less, and so on, as released. Words beyond `longest` are left out. A word
    without a piece has the place of the next one, or of the last piece at the end.
    """
    while per_word > 1 and sum(min(len(word), per_word) for word in words) > longest:
        per_word -= 1
    kept = [word[:per_word] for word in words]
    places, at = [], 0
    for word in kept:
        if at + len(word) > longest:
            break
        places.append(at)
        at += len(word)
    return [*chain.from_iterable(kept[: len(places)])], [min(p, max(at - 1, 0)) for p in places]


def pieces_of_words(
    word_spans: Sequence[tuple[int, int]], piece_spans: Sequence[tuple[int, int]]
) -> list[list[int]]:
    """Return the pieces, by number, that begin in each word; spans are [start, end) of the text."""
    found: list[list[int]] = [[] for _ in word_spans]
    at = 0
    for number, (start, _) in enumerate(piece_spans):
        while at < len(word_spans) and start >= word_spans[at][1]:
            at += 1
        if at < len(word_spans) and start >= word_spans[at][0]:
            found[at].append(number)
    return found
