"""Words of any script, for metrics that know those of English alone."""

from __future__ import annotations

import functools
import re
import unicodedata

ENGLISH = re.compile(r"[a-z0-9]+")
"""What rouge-score takes for a word, of text in lower case."""

UNSPACED = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF)),  # Thai, Lao, Burmese, Khmer
    *((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D)),  # kana
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),  # Han
)
"""Scripts that put no space between words: each letter, with its marks, counts as one."""


@functools.lru_cache(maxsize=1 << 16)
def _kind(character: str) -> str:
    """ "w" of a word, "m" a mark on the letter before, "u" of an unspaced script, else ""."""
    code = ord(character)
    category = unicodedata.category(character)
    if category[0] == "M":
        return "m"
    if category[0] not in "LN":
        return ""
    return "u" if any(first <= code <= last for first, last in UNSPACED) else "w"


def words(text: str) -> list[str]:
    """Return the words of a text in lower case; of a-z and 0-9 the same as rouge-score's."""
    found: list[str] = []
    before = ""
    for character in unicodedata.normalize("NFC", text.lower()):
        kind = _kind(character)
        if kind == "m" and before:
            found[-1] += character
            continue
        if kind == "w" and before == "w":
            found[-1] += character
        elif kind in ("w", "u"):
            found.append(character)
        before = kind if kind in ("w", "u") else ""
    return found


def words_and_marks(text: str) -> str:
    """Return a text with spaces between its words and around every other sign."""
    spaced: list[str] = []
    before = ""
    for character in unicodedata.normalize("NFC", text):
        kind = _kind(character)
        if not (kind == "m" and before) and not (kind == before == "w"):
            spaced.append(" ")
        spaced.append(character)
        before = before if kind == "m" else kind
    return " ".join("".join(spaced).split())


def mostly_without_english(text: str) -> bool:
    """Return whether most letters of a text are none that rouge-score counts."""
    letters = [c for c in text.lower() if _kind(c) in ("w", "u")]
    return 2 * sum(bool(ENGLISH.fullmatch(c)) for c in letters) < len(letters)


def mostly_unspaced(text: str) -> bool:
    """Return whether most letters of a text are of scripts without spaces between words."""
    letters = [kind for c in text if (kind := _kind(c)) in ("w", "u")]
    return 2 * letters.count("u") > len(letters)
