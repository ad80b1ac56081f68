"""An Anarchist FAQ: essays as web pages."""

from __future__ import annotations

import html
import re

from lab.corpora.archives import ARCHIVES, read_members
from lab.corpora.embedded import not_before, pages, paragraphs_of
from lab.corpora.prepared import Rows
from lab.corpora.registry.evaluated import everything_held_out

BLOCK = re.compile(r"</?(?:p|h[1-6]|li|ul|ol|div|blockquote|br|hr|table|tr|td|head|title)\b[^>]*>")
TAG = re.compile(r"<[^>]*>")


def paragraphs(page: str) -> list[str]:
    """Return the text of a page's blocks, of at least four words, without its head."""
    body = page.partition("<body")[2]
    blocks = [" ".join(html.unescape(TAG.sub("", b)).split()) for b in BLOCK.split(f"<{body}")]
    return [part for block in blocks for part in paragraphs_of(block) if len(part.split()) >= 4]


def write() -> dict[str, Rows]:
    """Return the pages in the order of their names, each paragraph once."""
    known, seen = everything_held_out(), set[str]()
    made: list[str] = []
    for _, content in sorted(read_members(ARCHIVES["anarchism"])):
        found = not_before(paragraphs(content.decode("utf-8", "replace")), seen)
        made += pages(known.without(found))
    return {"documents": [{"text": page} for page in made]}
