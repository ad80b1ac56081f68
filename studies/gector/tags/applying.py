"""Tags applied to tokens: one a token as a model gives them, or all that an alignment found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from studies.gector.tags.tag import APPEND, DELETE, KEEP, MERGES, REPLACE, TRANSFORM, UNKNOWN
from studies.gector.tags.transformations import Transformations


class Applied(NamedTuple):
    """A sentence after its edits."""

    tokens: list[str]
    ignored: int
    """Tags that could not be carried out: a form that is unknown, a merge with nothing."""


def apply_tags(
    tokens: Sequence[str], tags: Sequence[str], transformations: Transformations
) -> Applied:
    """Apply one tag to $START and to each token at once; tokens beyond the tags are kept."""
    return apply_all_tags(tokens, [[tag] for tag in tags], transformations)


def apply_all_tags(
    tokens: Sequence[str], tags: Sequence[Sequence[str]], transformations: Transformations
) -> Applied:
    """Apply all tags of $START and of each token in order, merges last.

    $START takes words that are put in and nothing else. A tag outside of the list changes nothing.
    """
    made: list[str] = []
    glue: dict[int, str] = {}
    ignored = 0
    for place, token in enumerate(["", *tokens]):
        words = [token] if place else []
        merge = ""
        for tag in tags[place] if place < len(tags) else ():
            if tag in MERGES:
                merge = tag
            elif tag.startswith(APPEND):
                words.append(tag.removeprefix(APPEND))
            elif not place:
                ignored += tag not in (KEEP, UNKNOWN)
            elif tag == DELETE:
                words = words[1:]
            elif tag.startswith(REPLACE):
                words[:1] = [tag.removeprefix(REPLACE)]
            elif tag.startswith(TRANSFORM):
                changed = transformations.apply(words[0], tag) if words else None
                words[:1] = changed or words[:1]
                ignored += changed is None
        made += words
        if merge and made and place:
            glue[len(made)] = merge
        else:
            ignored += bool(merge)
    return Applied(_glued(made, glue), ignored + (len(made) in glue))


def _glued(words: Sequence[str], glue: dict[int, str]) -> list[str]:
    """Join the words with a merge between them."""
    joined: list[str] = []
    for place, word in enumerate(words):
        if place in glue:
            joined[-1] += MERGES[glue[place]] + word
        else:
            joined.append(word)
    return joined


def apply_tags_as_released(
    tokens: Sequence[str], tags: Sequence[str], transformations: Transformations
) -> Applied:
    """Apply tags as the released code does, for comparison with it.

    Each edit finds its token by a running offset. DELETE and REPLACE on $START hit the last token,
    a split token stays one with spaces in it, and a merge without a right neighbour stays as text.
    """
    made = [*tokens]
    offset = ignored = 0
    for place, tag in enumerate(tags, -1):
        at = place + offset
        if tag == DELETE and made:
            del made[at]
            offset -= 1
        elif tag.startswith(APPEND):
            made.insert(at + 1, tag.removeprefix(APPEND))
            offset += 1
        elif tag.startswith(REPLACE) and made:
            made[at] = tag.removeprefix(REPLACE)
        elif tag.startswith(TRANSFORM) and at >= 0:
            changed = transformations.apply(made[at], tag)
            made[at] = " ".join(changed or [made[at]])
            ignored += changed is None
        elif tag in MERGES:
            made.insert(at + 1, tag)
            offset += 1
    if not MERGES.keys() & {*tags}:
        return Applied(made, ignored)
    line = " ".join(made)
    for tag, mark in MERGES.items():
        line = line.replace(f" {tag} ", mark)
    return Applied(line.split(), ignored)
