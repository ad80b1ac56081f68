"""What the fields of a labelled data set hold, and how a value is read, wherever it comes from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from lab.errors import StudyError
from lab.rows import shown

FINITE = "finite number"
WHOLE = re.compile(r"\s*[-+]?\d+\s*")


class MismatchError(StudyError):
    """A value that is not what its field holds; the message says what was found and expected."""


def missing(value: Any) -> bool:
    """Return whether nothing stands there: null, NaN (a missing value in pandas), an empty cell."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or value == ""


def blank(value: Any) -> bool:
    """Return whether a value is a text that says nothing."""
    return isinstance(value, str) and not value.strip()


@dataclass(frozen=True)
class Field:
    """Any value."""

    holds: str
    """What it means, to show."""

    @property
    def expected(self) -> str:
        """What a value must be, in the words of a message."""
        return self.holds

    def absent(self, value: Any) -> bool:
        """Return whether the value says that there is no answer."""
        return missing(value)

    def read(self, value: Any) -> Any:
        """Return the value in its one form. Raises MismatchError."""
        return value

    def mismatch(self, value: Any) -> MismatchError:
        """The complaint about a value."""
        return MismatchError(f"holds {shown(value)}, expected {self.expected}.")


@dataclass(frozen=True)
class Text(Field):
    """A text."""

    @property
    def expected(self) -> str:
        return "text"

    def absent(self, value: Any) -> bool:
        # An empty text is one: published sets hold some, and are trained on as they are.
        return value != "" and missing(value)

    def read(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        raise self.mismatch(value)


@dataclass(frozen=True)
class Shown(Field):
    """A text, or a number as it is written; nothing at all is an empty text."""

    @property
    def expected(self) -> str:
        return "text or a number"

    def read(self, value: Any) -> str:
        if missing(value):
            return ""
        text = as_text(value)
        if text is None:
            raise self.mismatch(value)
        return text


@dataclass(frozen=True)
class Label(Field):
    """One of some words; -1 and nothing at all say that it is withheld, or never was."""

    words: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    """What the data hold for each word, as text; where this is empty, the word's index."""

    @property
    def expected(self) -> str:
        if self.values:
            pairs = zip(self.values, self.words, strict=True)
            return ", ".join(v if v == word else f"{v} ({word})" for v, word in pairs)
        return ", ".join(f"{i} ({word})" for i, word in enumerate(self.words)) + " or -1 (withheld)"

    def absent(self, value: Any) -> bool:
        return missing(value) or (_whole(value) == -1 and "-1" not in self.values)

    def read(self, value: Any) -> int:
        """The index, -1 for none; a word stands for its index, as a number that is whole does.

        Where there are `values`, no number but these is taken for an index.
        """
        if self.absent(value):
            return -1
        if self.values:
            return self._of_value(value)
        index = _whole(value)
        if index is None and isinstance(value, str) and self.words.count(value.strip()) == 1:
            index = self.words.index(value.strip())
        if index is None or not 0 <= index < len(self.words):
            raise self.mismatch(value)
        return index

    def _of_value(self, value: Any) -> int:
        # Python writes True where JSON and most people write true.
        for text in (as_text(value), str(value)):
            for known in (self.values, self.words):
                if text is not None and known.count(text.strip()) == 1:
                    return known.index(text.strip())
        raise self.mismatch(value)


def label_of(words: Sequence[str]) -> Label:
    """Return the field of a label that is an index into these words."""
    note = ", ".join(f"{i} {word}" for i, word in enumerate(words))
    return Label(f"{note}, -1 withheld", tuple(words))


@dataclass(frozen=True)
class Number(Field):
    """A finite number; `withheld` are those that say that there is none."""

    withheld: tuple[float, ...] = ()
    least: float = -math.inf
    most: float = math.inf

    @property
    def expected(self) -> str:
        marks = "".join(f", or {mark:g} (withheld)" for mark in self.withheld)
        bounded = self.least > -math.inf or self.most < math.inf
        return f"a {f'number of {self.least:g} to {self.most:g}' if bounded else FINITE}{marks}"

    def absent(self, value: Any) -> bool:
        return missing(value) or _number(value) in self.withheld

    def read(self, value: Any) -> float | None:
        """The number, None for none."""
        if self.absent(value):
            return None
        number = _number(value)
        if number is None or not math.isfinite(number) or not self.least <= number <= self.most:
            raise self.mismatch(value)
        return number


@dataclass(frozen=True)
class Whole(Field):
    """A whole number."""

    @property
    def expected(self) -> str:
        return "a whole number"

    def read(self, value: Any) -> int:
        number = _whole(value)
        if number is None:
            raise self.mismatch(value)
        return number


@dataclass(frozen=True)
class Texts(Field):
    """A list of texts."""

    @property
    def expected(self) -> str:
        return "a list of texts"

    def absent(self, value: Any) -> bool:
        # Of no text at all, or of such as have nothing in them: [""].
        return missing(value) or (isinstance(value, list | tuple) and all(map(blank, value)))

    def read(self, value: Any) -> list[str]:
        """The texts as they stand, also empty ones; none where there are none."""
        if missing(value):
            return []
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise self.mismatch(value)
        for one in value:
            if not isinstance(one, str):
                raise MismatchError(f"holds {shown(one)} in its list, expected text.")
        return list(value)


@dataclass(frozen=True)
class TextsOrNone(Texts):
    """A list of texts; an empty one says that none is right, which is an answer."""

    @property
    def expected(self) -> str:
        return "a list of texts, empty where none is right"

    def absent(self, value: Any) -> bool:
        return missing(value)


@dataclass(frozen=True)
class Answers(Texts):
    """A list of texts, or one text."""

    @property
    def expected(self) -> str:
        return "a text or a list of texts"

    def read(self, value: Any) -> list[str]:
        """The texts; none where there is no answer."""
        return [value] if isinstance(value, str) and value else super().read(value)


def as_text(value: Any) -> str | None:
    """Return a text, a number or a truth value as text; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    whole = _whole(value)
    if whole is not None:
        return str(whole)  # a column of whole numbers with gaps is one of floats
    return repr(float(value)) if isinstance(value, Real) and math.isfinite(value) else None


def _whole(value: Any) -> int | None:
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, str):
        return int(value) if WHOLE.fullmatch(value) else None
    if isinstance(value, Real) and math.isfinite(value) and float(value).is_integer():
        return int(float(value))
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Real):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def value_at(row: Any, path: str) -> Any:
    """Return what a row holds under "a.b", b inside a; of a list of records the list of each.

    None where the way ends early. Raises MismatchError where it leads into what is no record.
    """
    for at, part in enumerate(parts := path.split(".")):
        if isinstance(row, list | tuple):
            return [value_at(one, ".".join(parts[at:])) for one in row]
        if row is None:
            return None
        if not isinstance(row, Mapping):
            raise MismatchError(f"holds {shown(row)}, expected a record with '{part}'.")
        row = row.get(part)
    return row


def way_of(row: Mapping[str, Any], field: str) -> str:
    """Return which of the ways "a.b|c" a row takes: the first whose beginning it has."""
    ways = field.split("|")
    return next((way for way in ways if way.partition(".")[0] in row), ways[0])


def read_row(row: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return the row with every field in its one form; fields that it lacks stay away.

    Raises MismatchError that names the field.
    """
    made = dict(row)
    for name, field in fields.items():
        way = way_of(row, name)
        first, *rest = way.split(".")
        if first not in row:
            continue
        if rest and isinstance(field, Whole) and not isinstance(row[first], Mapping):
            continue  # a number that training needs not; scoring says that it is not there
        try:
            value = field.read(value_at(row, way))
        except MismatchError as error:
            raise MismatchError(f"Field '{way}' {error}") from None
        if not rest:
            made[first] = value
            continue
        inner = made[first]
        made[first] = (dict(inner) if isinstance(inner, Mapping) else {}) | {rest[0]: value}
    return made
