"""A claim's sides as they are written: rows by their names, or differences of two, `(A - B)`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

Side = tuple[str, ...]
"""The name of a row, or of two: the first one less the second."""
RELATIONS = (">", "<", "~")


def written(side: Side) -> str:
    """A side as one writes it."""
    return side[0] if len(side) == 1 else f"({' - '.join(side)})"


class Sides:
    """Finds known names in a statement, whatever signs and spaces they hold."""

    def __init__(self, names: Collection[str]) -> None:
        # A name may begin with another one, and hold signs: the longest that fits is meant.
        self._names = sorted(names, key=len, reverse=True)

    def split(self, text: str) -> tuple[list[Side], list[str]]:
        """The sides of a statement and the relations between them; empty where it is none."""
        for side, rest in self._sides(text):
            if rest[:1] in RELATIONS and rest:
                after = rest[1:].lstrip()
                sides, relations = self.split(after)
                if not sides and (last := self.alone(after)):
                    sides = [last]
                if sides:
                    return [side, *sides], [rest[0], *relations]
        return [], []

    def alone(self, text: str) -> Side | None:
        """The side that a text is, where it is nothing else."""
        return next((side for side, rest in self._sides(text) if not rest), None)

    def difference(self, text: str) -> Side | None:
        """`A - B` of two known names, as one may write a difference without brackets."""
        return next((side for side, rest in self._differences(text) if not rest), None)

    def _sides(self, text: str) -> Iterator[tuple[Side, str]]:
        """What a text may begin with, and the rest of it."""
        for name, rest in self._named(text):
            yield (name,), rest
        if text.startswith("("):
            for side, rest in self._differences(text[1:].lstrip()):
                if rest.startswith(")"):
                    yield side, rest[1:].lstrip()

    def _differences(self, text: str) -> Iterator[tuple[Side, str]]:
        for first, rest in self._named(text):
            if rest.startswith("-"):
                for second, after in self._named(rest[1:].lstrip()):
                    yield (first, second), after

    def _named(self, text: str) -> Iterator[tuple[str, str]]:
        for name in self._names:
            if text.startswith(name):
                yield name, text[len(name) :].lstrip()
