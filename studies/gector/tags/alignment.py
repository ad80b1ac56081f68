"""A pair of sentences to tags, as released: a token diff, then an alignment inside (section 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from rapidfuzz.distance.Levenshtein import distance

from studies.gector.tags.tag import APPEND, DELETE, KEEP, MERGES, REPLACE
from studies.gector.tags.transformations import Family

BETWEEN = "   "
"""Stands between the words of one token's run when their distance is taken, as released."""
LARGEST = 10_000_000
"""The `effort` of a replaced block that is aligned, about a second; in larger ones tokens become
words in order. A block of 100 rewritten tokens is the largest: no edit any more."""


def tags_of_pair(source: Sequence[str], target: Sequence[str], family: Family) -> list[list[str]]:
    """Return the tags of $START and of each source token; [KEEP] where there is nothing to do.

    Applied level by level they make the target of the source.
    """
    tags: list[list[str]] = [[] for _ in range(len(source) + 1)]
    matcher = SequenceMatcher(None, source, target)
    for operation, start, end, word, last in matcher.get_opcodes():
        if operation == "insert":
            tags[start] += [APPEND + w for w in target[word:last]]
        elif operation == "delete":
            for place in range(start, end):
                tags[place + 1].append(DELETE)
        elif operation == "replace":
            for place, tag in _block(source[start:end], target[word:last], family):
                tags[start + 1 + place].append(tag)
    return [[tag for tag in those if tag != KEEP] or [KEEP] for those in tags]


def _block(
    source: Sequence[str], target: Sequence[str], family: Family
) -> Iterator[tuple[int, str]]:
    """Yield (place in the block, tag) of a replaced block; -1 is the token before it."""
    merge = _merge(source, target) if family.merges else None
    if merge:
        yield from ((place, merge) for place in range(len(source) - 1))
        return
    if effort(source, target) <= LARGEST:
        runs = aligned(source, target, family)
    else:
        runs = in_order(len(source), len(target))
    for place, (start, end) in enumerate(runs):
        yield from _token(place, source[place], target[start:end], family)


def _merge(source: Sequence[str], target: Sequence[str]) -> str | None:
    """Return the tag that makes one word of the tokens, or None."""
    if len(source) < 2 or len(target) != 1:
        return None
    return next((tag for tag, mark in MERGES.items() if mark.join(source) == target[0]), None)


def _token(place: int, token: str, run: Sequence[str], family: Family) -> Iterator[tuple[int, str]]:
    """Yield the tags that make the words of its run of a token."""
    if not run:
        yield place, DELETE
        return
    count = len(family.parts(token))
    if count > 1 and (split := family.find(token, run[:count])):
        yield place, split
        yield from ((place, APPEND + word) for word in run[count:])
        return
    found = [family.find(token, [word]) for word in run]
    own = 0
    if len(run) > 1:
        costs = [0 if tag else distance(token, word) for tag, word in zip(found, run, strict=True)]
        own = costs.index(min(costs))
    yield from ((place - 1, APPEND + word) for word in run[:own])
    yield place, found[own] or REPLACE + run[own]
    yield from ((place, APPEND + word) for word in run[own + 1 :])


def effort(source: Sequence[str], target: Sequence[str]) -> int:
    """Return about twice the steps of an alignment: words times characters, for each token.

    A token of more characters than a machine word has bits takes longer steps.
    """
    steps = len(target) * sum(map(len, target))
    return steps * sum(1 + len(token) // 64 for token in source)


def in_order(tokens: int, words: int) -> list[tuple[int, int]]:
    """Return runs of one word each, in order; the last token takes the words that are left."""
    runs = [(min(n, words), min(n + 1, words)) for n in range(tokens)]
    return [*runs[:-1], *((start, words) for start, _ in runs[-1:])]


def aligned(source: Sequence[str], target: Sequence[str], family: Family) -> list[tuple[int, int]]:
    """Return each token's run of target words (start, end): all words, in order, at least cost.

    A run costs nothing when a transformation makes it, else the distance of the token to its words
    joined by three spaces. Of equal costs the earliest cut counts.
    """
    words = len(target)
    least: list[float] = [0.0] + [float("inf")] * words
    cuts: list[list[int]] = []
    for token in source:
        parts = family.parts(token)
        deletion = 0 if family.find(token, ()) else len(token)
        row, cut = [], []
        for end in range(words + 1):
            best = (least[end] + deletion, end)
            if len(parts) > 1 and [*target[max(end - len(parts), 0) : end]] == parts:
                best = min(best, (least[end - len(parts)], end - len(parts)))
            for start in range(end - 1, -1, -1):
                run = BETWEEN.join(target[start:end])
                if len(run) - len(token) > best[0]:
                    break  # the distance is no less, and longer runs are no nearer
                cost = distance(token, run)
                if end - start == 1 and cost and family.find(token, (target[start],)):
                    cost = 0
                best = min(best, (least[start] + cost, start))
            row.append(best[0])
            cut.append(best[1])
        least = row
        cuts.append(cut)
    ends = [words]
    for cut in reversed(cuts):
        ends.append(cut[ends[-1]])
    return [*pairwise(reversed(ends))]
