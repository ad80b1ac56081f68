"""How raw fields become one line of text (paper, 2.4 and appendix D)."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from typing import Any

from lab.datasets.source import TaskError

UNLABELLED = "<unk>"
"""The target of an example whose answer is withheld (test splits)."""

# Exactly what RE2 calls \s: a no-break space stays, as in the published runs.
SPACES = re.compile(r"[\t\n\f\r ]+")
PADDED = {
    "punctuation": re.compile(f"([{re.escape(string.punctuation)}])"),
    "non-word": re.compile(r"([^0-9A-Za-z_])"),
}


def join_fields(prefix: str, example: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return "prefix a: ... b: ..." for the named fields in the given order."""
    parts = [prefix]
    for name in names:
        if not isinstance(example[name], str):
            raise TaskError(f"Field '{name}' holds {example[name]!r}, expected text.")
        parts += [f"{name}:", example[name]]
    return " ".join(parts)


def pad_punctuation(text: str, characters: str = "punctuation") -> str:
    """Return `text` with spaces around ASCII punctuation and no other run of spaces.

    "non-word" pads every character but ASCII letters, digits and _; "none" changes nothing.
    """
    if characters == "none":
        return text
    return collapse(PADDED[characters].sub(r" \1 ", text))


def collapse(text: str) -> str:
    """Return `text` with every run of white space made one space."""
    return SPACES.sub(" ", text)
