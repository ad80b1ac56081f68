"""Harper's rules with their tests, which stand as text in its compiled library."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.corpora.archives import ARCHIVES, read_member
from lab.datasets.correction.sentence import Example

LIBRARY = "harper/_harper.abi3.so"
_TEXT = r'"((?:[^"\\]|\\.)*)"'
LINES = re.compile(
    rf'expr main (?P<rule>[^\n]*)|let kind "(?P<kind>[^"]*)"'
    rf"|test {_TEXT} {_TEXT}|allows {_TEXT}"
)
"""A rule begins with its main expression; then come its kind and its tests."""


def examples() -> Iterator[Example]:
    """Yield the tests of all rules: a pair, or a sentence that must stay as it is."""
    yield from read_tests(read_member(ARCHIVES["harper-py"], LIBRARY))


def read_tests(library: bytes) -> Iterator[Example]:
    """Yield the tests that stand in a library."""
    rule = kind = ""
    for line in LINES.finditer(library.decode("utf-8", "replace")):
        wrong, right, allowed = (_plain(text) for text in line.groups()[2:])
        if line["rule"] is not None:
            rule, kind = line["rule"], ""
        elif line["kind"] is not None:
            kind = line["kind"]
        elif wrong != right:
            yield Example(wrong, right, "harper", rule, kind, 1)
        else:
            yield Example(allowed or wrong, allowed or wrong, "harper", rule, kind, 0)


def _plain(text: str | None) -> str:
    return re.sub(r"\\(.)", r"\1", text or "")
