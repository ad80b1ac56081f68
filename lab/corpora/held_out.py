"""Keep the texts that tasks are evaluated on out of the corpora that are trained on."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

WORD = re.compile(r"[^\W_]+")
LONGEST = 8
SHORTEST = 5
MULTIPLIER = 0x9E3779B97F4A7C15
GAP = 1 << 33
"""Stands between two texts: no word has this number."""


class HeldOut:
    """Texts that must not be seen, found again inside others by their word sequences."""

    def __init__(self, texts: Iterable[str]) -> None:
        import numpy as np

        wholes: set[tuple[int, ...]] = set()
        sequences: dict[int, set[int]] = {n: set() for n in range(SHORTEST, LONGEST + 1)}
        for text in texts:
            numbers = _numbers(text)
            if len(numbers) < SHORTEST:
                wholes.add(tuple(numbers))
            else:
                n = min(len(numbers), LONGEST)
                sequences[n].update(_sequences(np.array(numbers, np.uint64), n).tolist())
        self._wholes = wholes
        self._sequences = {n: np.array(sorted(found), np.uint64) for n, found in sequences.items()}

    def without(self, texts: Sequence[str]) -> list[str]:
        """Return `texts` but those that hold a held-out text, or eight words in a row of one.

        Case and punctuation do not count. A held-out text of under eight words must be found as
        a whole; one of under five only counts when nothing else stands beside it.
        """
        found = self.found_in(texts)
        return [text for text, bad in zip(texts, found, strict=True) if not bad]

    def found_in(self, texts: Sequence[str]) -> np.ndarray:
        """Return bool[len(texts)]: which texts hold something held out (see `without`)."""
        import numpy as np

        numbers: list[int] = []
        owner: list[int] = []
        bad = np.zeros(len(texts), bool)
        for i, text in enumerate(texts):
            own = _numbers(text)
            bad[i] = len(own) < SHORTEST and tuple(own) in self._wholes
            numbers += [*own, GAP]
            owner += [i] * (len(own) + 1)
        stream, owners = np.array(numbers, np.uint64), np.array(owner, np.int64)
        for n, known in self._sequences.items():
            hashes = _sequences(stream, n)
            if len(known) and len(hashes):
                place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
                bad[owners[: len(hashes)][known[place] == hashes]] = True
        return bad


def _numbers(text: str) -> list[int]:
    return [zlib.crc32(word.encode()) for word in WORD.findall(text.lower())]


def _sequences(numbers: np.ndarray, n: int) -> np.ndarray:
    """Return a 64-bit hash of each `n` numbers in a row."""
    import numpy as np

    count = max(len(numbers) - n + 1, 0)
    made = np.zeros(count, np.uint64)
    for k in range(n):
        made = (made ^ numbers[k : k + count]) * np.uint64(MULTIPLIER)
        made ^= made >> np.uint64(29)
    return made
