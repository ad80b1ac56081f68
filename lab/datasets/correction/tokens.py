"""The one way in which text to be corrected falls into tokens."""

from __future__ import annotations

import re

_LETTER = r"\w[\w\u0300-\u036f]*"
_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ud800-\udfff"
)
"""Control and format characters, and bytes that were no text: never a token."""
TOKEN = re.compile(rf"\d+(?:[.,]\d+)*(?!\w)|{_LETTER}(?:['’\-]{_LETTER})*|[^\w\s{_UNSEEN}]")
"""A number with its decimal marks, a word with inner hyphens and apostrophes, or one mark."""


def tokens(text: str) -> list[str]:
    """Return the words and marks of a text; spaces are none."""
    return TOKEN.findall(text)
