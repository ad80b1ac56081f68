"""Text as ids of whole words: the templates and class names use some three hundred of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cached_property

from lab.vocabulary import EOS, PAD, UNK, embedding_rows
from studies.star.model.texts import inventory

PIECE = re.compile(r"[\w/]+|[^\w\s]")
FIRST = 3
"""The first id of a word, behind padding, the end and the unknown word."""


class Words:
    """Words to ids and back; a word that no template has is the unknown one."""

    pad, eos, unk = PAD, EOS, UNK

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return tuple(sorted({word for line in inventory() for word in PIECE.findall(line)}))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self._words, FIRST)}

    @property
    def rows(self) -> int:
        """Rows of an embedding."""
        return embedding_rows(FIRST + len(self._words))

    @property
    def digest(self) -> str:
        """What names this list of words."""
        return hashlib.sha256(" ".join(self._words).encode()).hexdigest()[:16]

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without an end."""
        return [self._ids.get(word, UNK) for word in PIECE.findall(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The words of ids, with spaces between them."""
        known = (id - FIRST for id in ids if id >= FIRST)
        return " ".join(self._words[place] for place in known if place < len(self._words))


WORDS = Words()
