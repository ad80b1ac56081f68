"""What a claim says: `A > B`, `A < B`, `A ~ B`, or a chain of these, about rows of a sweep.

`A > B` says that A is the better of the two, whether a column's best number is its highest or its
lowest. `(A - B) > (C - D)` says that A gains more over B than C over D. A claim is written before
its sweep runs, in the sweep file or on the command line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from sweeps.claims.sides import Side, Sides, written
from sweeps.errors import nearest

Relation = Literal[">", "<", "~"]
LEVEL = 0.05
"""The chance of any false verdict among a sweep's claims, unless another one is asked for."""
EXAMPLE = 'such as {that: "A > B"}'
BETWEEN = re.compile(r"\s+([<>~])\s+")
"""What stands between two rows of a claim, or two values of an axis."""
_BRACKETS = re.compile(r"\((.+?) - (.+)\)")


@dataclass(frozen=True, kw_only=True)
class Ruler:
    """A standard deviation over seeds that stands for every row's, and where it is from."""

    deviation: float
    runs: int
    """Of how many runs it is; one more than its degrees of freedom."""
    source: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One step of what was written: two rows, or two differences, and how they stand."""

    that: str
    """The step in words: `A > B`, also where it is part of a chain."""
    left: str
    """The label of a row."""
    right: str
    relation: Relation
    over: tuple[str, str] | None = None
    """The rows that `left` and `right` are taken as gains over, where two differences stand."""
    within: float | None = None
    """By how much equal rows may differ, in the column's unit; of `~` alone."""
    columns: tuple[str, ...] = ()
    """Names of columns, each judged for itself; the average, or the only column, without one."""
    section: str | None = None
    note: str | None = None
    ruler: Ruler | None = None
    """What judges the published numbers where their table has no deviation."""
    number: int = 1
    """The place in the list of claims, from 1."""
    step: int = 1
    """The place in its chain, from 1."""

    @property
    def sides(self) -> tuple[Side, Side]:
        """What stands on the left and on the right, by the rows' labels."""
        if self.over is None:
            return (self.left,), (self.right,)
        return (self.left, self.over[0]), (self.right, self.over[1])

    @property
    def weights(self) -> dict[str, int]:
        """How often each row's mean counts in the difference of the two sides, by its label."""
        found: dict[str, int] = {}
        for side, sign in zip(self.sides, (1, -1), strict=True):
            for row, weight in zip(side, (sign, -sign), strict=False):
                found[row] = found.get(row, 0) + weight
        return found

    @property
    def rows(self) -> tuple[str, ...]:
        """The labels of the rows that it is about, each once."""
        return tuple(self.weights)

    def renamed(self, label: Callable[[str], str]) -> Claim:
        """The claim about rows that have other labels."""
        over = self.over and (label(self.over[0]), label(self.over[1]))
        return replace(self, left=label(self.left), right=label(self.right), over=over)

    def to_json(self) -> dict[str, Any]:
        """The claim as a record keeps it."""
        over = list(self.over) if self.over else None
        return {**asdict(self), "over": over, "columns": list(self.columns)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Claim:
        """The claim that a record keeps."""
        ruler, over = value.get("ruler"), value.get("over")
        return cls(
            **{
                **value,
                "over": (over[0], over[1]) if over else None,
                "columns": tuple(value.get("columns") or ()),
                "ruler": Ruler(**ruler) if ruler else None,
            }
        )


_KEYS = ("that", "within", "columns", "section", "note", "ruler")


def read_claims(
    entries: Any, rows: Mapping[str, str], ambiguous: Iterable[str] = ()
) -> tuple[tuple[Claim, ...], list[str]]:
    """The claims of a list of entries, and all that is wrong with it, one line each.

    An entry is a mapping with `that`, or the statement alone. `rows` gives the label of each row by
    every name that it goes by; `ambiguous` are names of several rows.
    """
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        return (), [f"claims is a list, {EXAMPLE} in it, not {entries!r}."]
    if not entries:
        return (), [f"claims is empty: give it a claim, {EXAMPLE}, or leave it out."]
    reader = _Reader(rows, frozenset(ambiguous))
    claims: list[Claim] = []
    for number, entry in enumerate(entries, start=1):
        claims += reader.read(entry, number)
    return tuple(claims), [*reader.complaints, *contradictions(claims)]


def names_of_rows(
    named: Iterable[tuple[str, Iterable[str | None]]],
) -> tuple[dict[str, str], list[str]]:
    """Rows' labels by all their names, and the names that several rows share.

    Each row is its label and what else it is called. A label means its own row in any case.
    """
    found: dict[str, set[str]] = {}
    labels: dict[str, str] = {}
    for label, others in named:
        labels[_plain(label)] = label
        for name in filter(None, map(_plain, filter(None, others))):
            found.setdefault(name, set()).add(label)
    single = {name: next(iter(rows)) for name, rows in found.items() if len(rows) == 1}
    shared = [name for name, rows in found.items() if len(rows) > 1 and name not in labels]
    return {**single, **labels}, shared


def contradictions(claims: Sequence[Claim]) -> list[str]:
    """Complaints about claims that cannot all hold, or that say the same twice."""
    complaints: list[str] = []
    equal: set[tuple[str, frozenset[Side]]] = set()
    orders: dict[str, dict[Side, dict[Side, str]]] = {}
    for claim in claims:
        for column in claim.columns or ("",):
            where = f"{claim.that!r} in {column}" if column else repr(claim.that)
            twice = f"claims: {where} is claimed twice. Keep one."
            if claim.relation == "~":
                pair = (column, frozenset(claim.sides))
                complaints += [twice] if pair in equal else []
                equal.add(pair)
                continue
            better, worse = claim.sides
            if claim.relation == "<":
                better, worse = worse, better
            below = orders.setdefault(column, {})
            if worse in below.get(better, {}):
                complaints.append(twice)
            elif path := _path(below, worse, better):
                against = " and ".join(repr(that) for that in path)
                complaints.append(f"claims: {where} contradicts {against}. Keep what you believe.")
            else:
                below.setdefault(better, {})[worse] = claim.that
    return list(dict.fromkeys(complaints))


def _path(below: Mapping[Side, Mapping[Side, str]], start: Side, end: Side) -> list[str] | None:
    """The claims that lead from a better side down to a worse one; None where none do."""
    paths: dict[Side, list[str]] = {start: []}
    waiting = [start]
    while waiting:
        row = waiting.pop(0)
        for worse, that in below.get(row, {}).items():
            if worse not in paths:
                paths[worse] = [*paths[row], that]
                waiting.append(worse)
    return paths.get(end)


def _plain(text: str) -> str:
    return " ".join(text.split())


class _Reader:
    """Reads entries one by one and notes all that is wrong with them."""

    def __init__(self, rows: Mapping[str, str], ambiguous: frozenset[str]) -> None:
        self.complaints: list[str] = []
        self._rows = {_plain(name): label for name, label in rows.items()}
        self._sides = Sides({*self._rows, *ambiguous})

    def read(self, entry: Any, number: int) -> list[Claim]:
        """The steps of one entry; fewer where one is wrong."""
        if isinstance(entry, str):
            entry = {"that": entry}
        if not isinstance(entry, Mapping):
            self._complain(number, f"a claim is a mapping, {EXAMPLE}, not {entry!r}.")
            return []
        for key in entry:
            if key not in _KEYS:
                self._complain(number, f"unknown key {key!r}. {nearest(str(key), _KEYS)}")
        that = entry.get("that")
        if not (isinstance(that, str) and that.strip()):
            self._complain(number, f"'that' is missing: say what is claimed, {EXAMPLE}.")
            return []
        sides, relations = self._statement(_plain(that), number)
        common: dict[str, Any] = {
            "columns": self._columns(entry, number),
            "section": self._text(entry, "section", number),
            "note": self._text(entry, "note", number),
            "ruler": self._ruler(entry, number),
            "number": number,
        }
        within = self._within(entry, "~" in relations, number) if sides else None
        found = []
        for step, relation in enumerate(relations, start=1):
            left, right = sides[step - 1 : step + 1]
            if wrong := self._wrong(left, right, relation):
                self._complain(number, wrong)
                continue
            rows = [[self._rows[name] for name in side] for side in (left, right)]
            found.append(
                Claim(
                    that=f"{written(left)} {relation} {written(right)}",
                    left=rows[0][0],
                    right=rows[1][0],
                    over=(rows[0][1], rows[1][1]) if len(left) > 1 else None,
                    relation=relation,  # type: ignore[arg-type]
                    within=within if relation == "~" else None,
                    step=step,
                    **common,
                )
            )
        return found

    def _wrong(self, left: Side, right: Side, relation: str) -> str | None:
        """What is wrong about two sides of known names that stand against each other."""
        if len(left) != len(right):
            one, other = sorted((left, right), key=len, reverse=True)
            return (
                f"{written(one)!r} is a difference and {written(other)!r} a row. Set a row against "
                "a row, or a difference against a difference."
            )
        rows = self._rows
        pairs = [(left[0], right[0])] if len(left) == 1 else [left, right]
        for a, b in pairs:
            if rows[a] == rows[b]:
                both = "" if a == b else f", for {b!r} is the same row"
                return f"{a!r} is set against itself{both}. Name two rows."
        if len(left) > 1:
            if [rows[name] for name in left] == [rows[name] for name in reversed(right)]:
                return (
                    f"{written(right)!r} is {written(left)!r} the other way round. Write "
                    f"{left[0]} {relation} {left[1]}."
                )
            for at in (0, 1):
                if rows[left[at]] == rows[right[at]]:
                    rest = (left[0], right[0]) if at else (right[1], left[1])
                    if rows[rest[0]] == rows[rest[1]]:
                        return f"{written(left)!r} is set against itself. Name two differences."
                    return (
                        f"{left[at]!r} is on both sides alike and says nothing. Write "
                        f"{rest[0]} {relation} {rest[1]}."
                    )
        return None

    def _complain(self, number: int, text: str) -> None:
        self.complaints.append(f"claim {number}: {text}")

    def _statement(self, that: str, number: int) -> tuple[list[Side], list[str]]:
        """Sides of known names, and the relations between them; none with a complaint."""
        sides, relations = self._sides.split(that)
        if sides:
            names = dict.fromkeys(name for side in sides for name in side)
            shared = [name for name in names if name not in self._rows]
            for name in shared:
                self._complain(number, f"several rows are called {name!r}. Name one by its label.")
            return ([], []) if shared else (sides, relations)
        parts = BETWEEN.split(that)
        known = list(self._rows)
        if alone := self._sides.alone(that):
            what, other = ("row", "B") if len(alone) == 1 else ("difference", "(C - D)")
            self._complain(
                number, f"{that!r} sets a {what} against nothing. Write {that} > {other}."
            )
        elif len(parts) == 1:
            self._complain(
                number,
                f"{that!r} is no claim: write two rows with >, < or ~ between them. "
                f"{nearest(that, known)}",
            )
        else:
            for name in dict.fromkeys(name for part in parts[::2] for name in self._names(part)):
                if name not in self._rows:
                    self._complain(number, f"no row {name!r}. {self._instead(name)}")
        return [], []

    def _names(self, part: str) -> Sequence[str]:
        """The names that a side which cannot be read is taken to hold."""
        inside = _BRACKETS.fullmatch(part)
        return inside.groups() if inside else (part,)

    def _instead(self, name: str) -> str:
        """What to write for a name that no row has."""
        if side := self._sides.difference(name):
            return f"Write a difference in brackets: {written(side)}."
        return nearest(name, list(self._rows))

    def _within(self, entry: Mapping[str, Any], equal: bool, number: int) -> float | None:
        value = entry.get("within")
        if value is None:
            if equal:
                self._complain(
                    number,
                    "a claim with ~ needs a margin, in the column's unit: within: 1.0.",
                )
            return None
        if not equal:
            self._complain(
                number, f"within: {value!r} belongs to a claim with ~. Leave it out, or write ~."
            )
            return None
        if not _positive(value):
            self._complain(number, f"within: {value!r}; accepted is a number above 0.")
            return None
        return float(value)

    def _columns(self, entry: Mapping[str, Any], number: int) -> tuple[str, ...]:
        value = entry.get("columns")
        if value is None:
            return ()
        given = [value] if isinstance(value, str) else value
        fits = isinstance(given, Sequence) and all(isinstance(one, str) for one in given)
        if not fits or not given:
            self._complain(number, f"columns: {value!r}; accepted is a list of names of columns.")
            return ()
        for name in dict.fromkeys(name for name in given if list(given).count(name) > 1):
            self._complain(number, f"columns: {name!r} is named twice. Keep one.")
        return tuple(dict.fromkeys(given))

    def _text(self, entry: Mapping[str, Any], key: str, number: int) -> str | None:
        value = entry.get(key)
        if value is None or isinstance(value, str):
            return value
        self._complain(number, f"{key} is a text, not {value!r}.")
        return None

    def _ruler(self, entry: Mapping[str, Any], number: int) -> Ruler | None:
        value = entry.get("ruler")
        if value is None:
            return None
        example = 'such as {deviation: 0.3, runs: 5, source: "Smith 2020, Table 2"}'
        names = [one.name for one in fields(Ruler)]
        if not isinstance(value, Mapping) or {*value} != {*names}:
            self._complain(number, f"ruler: {value!r}; accepted is a mapping {example}.")
            return None
        deviation, runs, source = (value[name] for name in names)
        if not _positive(deviation):
            self._complain(number, f"ruler: deviation: {deviation!r}; accepted is more than 0.")
        elif not isinstance(runs, int) or isinstance(runs, bool) or runs < 2:
            self._complain(number, f"ruler: runs: {runs!r}; accepted is a whole number from 2 up.")
        elif not (isinstance(source, str) and source.strip()):
            self._complain(number, f"ruler: source: {source!r}; say where the deviation is from.")
        else:
            return Ruler(deviation=float(deviation), runs=runs, source=source)
        return None


def _positive(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value) and value > 0
