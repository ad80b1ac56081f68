"""LanguageTool's English rules: an example with a correction is a pair, one without is right."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from lab.corpora.archives import ARCHIVES, read_members
from lab.datasets.correction.sentence import Example

FOLDER = "lingotweaker_data_en/data/en/rules/"
MAIN = f"{FOLDER}grammar.xml"
FILES = rf"{FOLDER}((en-(US|CA|GB|AU)/)?(grammar|style)\.xml)"
"""Right sentences come out of all of these, pairs out of MAIN: the others hold matters of style."""
LEFT_OUT = {"Proper Nouns", "Semantics", "Typography", "April 1st"}
"""Names, facts, quotation marks and spaces, a joke."""


def examples() -> Iterator[Example]:
    """Yield the examples of all rules but those of LEFT_OUT."""
    for name, content in sorted(read_members(ARCHIVES["lingotweaker-data-en"], FILES)):
        for example in read_rules(content):
            if name == MAIN or not example.corrections:
                yield example


def read_rules(content: bytes) -> Iterator[Example]:
    """Yield the examples of one file of rules; wrong ones without a correction are left out.

    An empty correction is none, in most rules: what the mark holds cannot just go.
    """
    for category in ET.fromstring(content).iter("category"):
        name = category.get("name", "")
        if name not in LEFT_OUT:
            for rule in category:
                yield from _of_rule(rule, name)


def _of_rule(rule: ET.Element, category: str) -> Iterator[Example]:
    """Yield the examples of a rule, or of a group of them, which is one rule here."""
    identity = rule.get("id", "")
    for example in rule.iter("example"):
        text = "".join(example.itertext())
        printed, marker = example.get("correction"), example.find("marker")
        if printed and marker is not None:
            ways = printed.split("|")
            target = (example.text or "") + ways[0] + (marker.tail or "")
            yield Example(text, target, "languagetool", identity, category, len(ways))
        elif printed is None and marker is None:
            yield Example(text, text, "languagetool", identity, category, 0)
