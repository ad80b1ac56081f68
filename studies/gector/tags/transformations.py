"""The g-transformations: edits that name no word (section 3, "g-transformations").

A token's transformation is looked for in the released order: equal, split, case, verb form, noun
number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from studies.gector.tags.tag import KEEP, MERGES
from studies.gector.tags.verbs import PAIRS_OF_FORMS, VerbForms

SPLIT = "$TRANSFORM_SPLIT_HYPHEN"
VERB = "$TRANSFORM_VERB_"
PLURAL = "$TRANSFORM_AGREEMENT_PLURAL"
SINGULAR = "$TRANSFORM_AGREEMENT_SINGULAR"
CASES: dict[str, Callable[[str], str]] = {
    "$TRANSFORM_CASE_LOWER": str.lower,
    "$TRANSFORM_CASE_CAPITAL": str.capitalize,
    "$TRANSFORM_CASE_UPPER": str.upper,
    "$TRANSFORM_CASE_CAPITAL_1": lambda word: word[:1] + word[1:].capitalize(),
    "$TRANSFORM_CASE_UPPER_-1": lambda word: word[:-1].upper() + word[-1:],
}
"""In the order in which they are tried. The last is found, but not in the released list."""
NOT_RELEASED = "$TRANSFORM_CASE_UPPER_-1"
RELEASED = (
    *(tag for tag in CASES if tag != NOT_RELEASED),
    SINGULAR,
    PLURAL,
    *(VERB + forms for forms in PAIRS_OF_FORMS),
    SPLIT,
    *MERGES,
)
"""The 29 of the released list."""


class Family(Protocol):
    """Which transformations an alignment may find."""

    merges: bool
    """Whether several tokens may become one."""

    def find(self, token: str, words: Sequence[str]) -> str | None:
        """Return the tag that makes `words` of a token, or None."""

    def parts(self, token: str) -> list[str]:
        """Return the words into which the token can be split; fewer than two: it cannot."""


class Basic:
    """No transformation: KEEP, DELETE, APPEND and REPLACE alone."""

    merges = False

    def find(self, token: str, words: Sequence[str]) -> str | None:
        """Return KEEP for the token itself."""
        return KEEP if [token] == [*words] else None

    def parts(self, token: str) -> list[str]:
        """Return none."""
        return []


class Transformations:
    """All transformations, by a dictionary of verb forms."""

    merges = True

    def __init__(self, verbs: VerbForms) -> None:
        self._verbs = verbs

    def find(self, token: str, words: Sequence[str]) -> str | None:
        """Return the tag that makes `words` of a token, or None; no words are the empty text."""
        if len(words) > 1:
            return SPLIT if self.parts(token) == [*words] else None
        word = words[0] if words else ""
        if token == word:
            return KEEP
        if token.lower() == word.lower():
            return next((tag for tag, change in CASES.items() if change(token) == word), None)
        if forms := self._verbs.encode.get((token, word)):
            return VERB + forms
        if token.endswith("s") and token[:-1] == word:
            return SINGULAR
        return PLURAL if word.endswith("s") and word[:-1] == token else None

    def parts(self, token: str) -> list[str]:
        """Return the words into which the token can be split; fewer than two: it cannot."""
        return token.split("-") if "-" in token else []

    def apply(self, token: str, tag: str) -> list[str] | None:
        """Return what a transformation makes of a token; None where that is nothing or unknown."""
        if tag == SPLIT:
            words = token.replace("-", " ").split()
            return words if len(words) > 1 else None
        if tag.startswith(VERB):
            word = self._verbs.decode.get((token, tag.removeprefix(VERB)))
        else:
            change = CASES.get(tag) or NUMBERS.get(tag)
            word = change(token) if change else None
        return [word] if word else None


NUMBERS: dict[str, Callable[[str], str]] = {
    PLURAL: lambda word: word + "s",
    SINGULAR: lambda word: word[:-1],
}
"""As released: a bare s, or the last character, whatever it is."""
