"""A sentence that a checker's rule brings as its example."""

from __future__ import annotations

from typing import NamedTuple


class Example(NamedTuple):
    """A wrong sentence with its correction, or a right one as its own."""

    source: str
    target: str
    origin: str
    """The checker."""
    rule: str
    """What names the mistake: examples of one rule are variations of one."""
    category: str
    corrections: int
    """How many the rule prints; the first one is the target. 0 where the sentence is right."""
