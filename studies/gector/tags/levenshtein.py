"""Edit distance of one text to growing others (Myers 1999, in Hyyrö's form for whole texts)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Levenshtein:
    """Distances from one text; inserting, deleting and replacing a character cost 1 each."""

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._places: dict[str, int] = {}
        for place, character in enumerate(text):
            self._places[character] = self._places.get(character, 0) | 1 << place

    def to_each(self, parts: Iterable[str]) -> Iterator[int]:
        """Yield the distance to the first part, to the first two joined, and so on.

        A column of the table of distances is two integers: the bits of `up` say where it is one
        higher than in the row above, those of `down` where it is one lower.
        """
        every = (1 << self._length) - 1
        last = 1 << self._length >> 1
        up, down, distance = every, 0, self._length
        for part in parts:
            for character in part:
                if not self._length:
                    distance += 1
                    continue
                same = self._places.get(character, 0)
                across = ((same & up) + up ^ up) | same
                grows = down | ~(across | up)
                shrinks = up & across
                distance += bool(grows & last) - bool(shrinks & last)
                grows = grows << 1 | 1
                vertical = same | down
                up = (shrinks << 1 | ~(vertical | grows)) & every
                down = grows & vertical & every
            yield distance

    def to(self, text: str) -> int:
        """Return the distance to a text."""
        return next(self.to_each((text,)))
