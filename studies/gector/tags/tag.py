"""The tags by their released names, and what stands in one."""

from __future__ import annotations

START = "$START"
"""Stands before the first token and has a tag of its own: what is put in at the beginning."""
KEEP = "$KEEP"
DELETE = "$DELETE"
APPEND = "$APPEND_"
REPLACE = "$REPLACE_"
TRANSFORM = "$TRANSFORM_"
MERGE_SPACE = "$MERGE_SPACE"
MERGE_HYPHEN = "$MERGE_HYPHEN"
MERGES = {MERGE_SPACE: "", MERGE_HYPHEN: "-"}
"""What stands between a token and the next after each merge."""
UNKNOWN = "@@UNKNOWN@@"
PADDING = "@@PADDING@@"


def kind(tag: str) -> str:
    """Return a tag without its word: "KEEP", "APPEND", "TRANSFORM_VERB_VB_VBZ", "MERGE_HYPHEN"."""
    if tag.startswith((APPEND, REPLACE)):
        return tag[1 : tag.index("_")]
    return tag.lstrip("$")


def first(tags: list[str]) -> str:
    """Return the one of a token's tags that is kept: the first that is not KEEP (section 3)."""
    return next((tag for tag in tags if tag != KEEP), KEEP)
