"""Which pieces of a SentencePiece model begin a word."""

from __future__ import annotations

import re
import string

from lab.vocabulary import WORD_START

MARKS = "".join(mark for mark in string.punctuation if mark not in "'<=>")
"""Punctuation marks each of which is a word."""
_CONTINUING = re.compile(rf"[A-Za-z{re.escape(MARKS)}]+")


def begins_word(piece: str) -> bool:
    """Whether a piece of SentencePiece begins a word (Lan et al. 2020, released code).

    So do the piece with the mark of a space, a punctuation mark alone, what begins with "<", and
    whatever has a character that is no English letter nor such a mark: digits, other alphabets.
    """
    alone = len(piece) == 1 and piece in MARKS
    return alone or piece[:1] in (WORD_START, "<") or not _CONTINUING.fullmatch(piece)
