"""The documentation of the Linux kernel, in English: its prose."""

from __future__ import annotations

import gzip

from lab.corpora.archives import ARCHIVES, read_members
from lab.corpora.embedded import not_before, pages, prose
from lab.corpora.prepared import Rows
from lab.corpora.registry.evaluated import everything_held_out


def readable(paragraph: str) -> bool:
    """Return whether a paragraph is sentences: not a table, a diagram, a list of values."""
    letters = sum(c.isalpha() or c.isspace() for c in paragraph)
    return letters >= 0.8 * len(paragraph) and not {"|", "+-"} & {paragraph[:1], paragraph[:2]}


def write() -> dict[str, Rows]:
    """Return the prose of each file, each paragraph once."""
    known, seen = everything_held_out(), set[str]()
    made: list[str] = []
    for _, content in sorted(read_members(ARCHIVES["linux-doc-6.1"])):
        text = gzip.decompress(content).decode("utf-8", "replace").expandtabs()
        kept = [paragraph for paragraph in prose(text) if readable(paragraph)]
        made += pages(known.without(not_before(kept, seen)))
    return {"documents": [{"text": page} for page in made]}
