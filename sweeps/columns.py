"""The columns of a table as they cross the border from a study, and as a sweep's record has them.

A study gives columns in its own classes or as mappings; `adopt_columns` takes them over into the
one form that the engine computes with, that a record keeps and that reports draw.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from sweeps.errors import ColumnError, nearest

Terms = tuple[tuple[tuple[str, str], ...], ...]

SEVERAL = 3
"""A column of this many tasks or more is described as a mean over tasks."""
MOST_DECIMALS = 15


class PartKind(StrEnum):
    """How the numbers that examples keep of themselves become a score (docs/tables.md)."""

    MEAN = "mean"
    F1 = "f1"
    BLEU = "bleu"
    MATTHEWS = "matthews"
    PEARSON = "pearson"
    SPEARMAN = "spearman"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of scores."""

    name: str
    terms: Terms = ()
    """Groups of (task, metric): the score is the mean over groups of the mean within each."""
    decimals: int = 2
    words: str = ""
    """What the numbers are: "accuracy"."""
    unit: str | None = None
    """What is counted, where the numbers are no plain score: "bits", "seconds"."""
    least: float | None = 0.0
    most: float | None = 100.0
    """Ends of the range; None where there is none."""
    lower_is_better: bool = False
    average: bool = False
    """Whether it summarizes the other columns."""
    kind: str | None = None
    paper: str | None = None
    """The published column of the same kind."""
    scientific: bool = False
    """Whether numbers are written as 1.4e18."""
    competes: bool = True
    """Whether its best numbers are bold and every row has one; not so of what only describes it."""
    despite_divergence: bool = False
    """Whether its numbers mean what they say of a run that diverged as well."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks behind the column, each once."""
        return tuple(dict.fromkeys(task for group in self.terms for task, _ in group))

    @property
    def description(self) -> str:
        """What the numbers are, with their unit and, where it is unusual, their direction."""
        words = self.words or _words(self.terms, {}, self.average)
        parts = [words] if words else []
        if self.unit and self.unit != words:
            parts.append(f"in {self.unit}" if parts else self.unit)
        text = " ".join(parts)
        return f"{text}, lower is better" if text and self.lower_is_better else text

    def value(self, files: Mapping[str, Mapping[str, Mapping[str, Any]] | None]) -> float | None:
        """Mean over the groups of the mean within each; None where any score is missing.

        `files` gives each task's file of scores: by task and metric.
        """
        groups = []
        for group in self.terms:
            found = [_number((files.get(task) or {}).get(task), metric) for task, metric in group]
            there = [value for value in found if value is not None]
            if len(there) < len(found):
                return None
            groups.append(statistics.fmean(there))
        return statistics.fmean(groups) if groups else None

    def better(self, one: float, other: float) -> bool:
        """Whether the first of two scores is better."""
        return one < other if self.lower_is_better else one > other

    def best(self, values: Iterable[float]) -> float:
        """The best of some scores."""
        return min(values) if self.lower_is_better else max(values)

    def to_json(self) -> dict[str, Any]:
        """The column as a record keeps it."""
        return {**asdict(self), "terms": [[list(term) for term in g] for g in self.terms]}

    @property
    def counted(self) -> bool:
        """Whether its numbers are counted, so that chance has no part in them."""
        return False


class CountedColumn(Column):
    """A column of what a run takes, which no study gives and no record keeps among its columns."""

    @property
    def counted(self) -> bool:
        return True


COST = CountedColumn(
    name="FLOPs",
    decimals=1,
    words="floating-point operations of one run, stages that runs share counted in each",
    most=None,
    lower_is_better=True,
    scientific=True,
    competes=False,
)


def computed(stage: Mapping[str, Any], facts: Mapping[str, Any] | None) -> float:
    """The FLOPs of a record's stage: as it counted itself in its facts, else as planned; else 0."""
    return float((facts or {}).get("flops") or stage.get("flops") or 0.0)


_FIELDS = tuple(one.name for one in fields(Column))
_GIVEN = (*_FIELDS, "measures")


def adopt_columns(study: str, given: Iterable[Any]) -> tuple[Column, ...]:
    """A study's columns, checked. Raises ColumnError for one that cannot be meant."""
    columns: list[Column] = []
    for number, one in enumerate(given, start=1):
        values = _values(one, study, number)
        where = f"study={study}: column {values.get('name', number)!r}"
        columns.append(_column(values, where))
    names = [column.name for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise ColumnError(f"study={study}: two columns are called {name!r}. Rename one.")
    return tuple(columns)


def recorded_columns(record: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns of a sweep's record; what an older record does not say has its usual value.

    Raises ColumnError for what is no column.
    """
    return tuple(
        _column(
            {name: value for name, value in one.items() if name in _FIELDS},
            f"column {one.get('name', number)!r} of the record",
        )
        for number, one in enumerate(_mappings(record.get("columns") or []), start=1)
    )


def _number(scores: Mapping[str, Any] | None, metric: str) -> float | None:
    value = (scores or {}).get(metric)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _mappings(columns: Any) -> Iterable[Mapping[str, Any]]:
    if not isinstance(columns, list) or not all(isinstance(one, Mapping) for one in columns):
        raise ColumnError("The record's columns are no list of columns.")
    return columns


def _values(given: Any, study: str, number: int) -> dict[str, Any]:
    """The fields of a column given as a mapping or as an object with these attributes."""
    if not isinstance(given, Mapping):
        return {name: getattr(given, name) for name in _GIVEN if hasattr(given, name)}
    for name in given:
        if name not in _GIVEN:
            raise ColumnError(
                f"study={study}: column {given.get('name', number)!r} has the field {name!r}. "
                f"{nearest(str(name), _GIVEN)}"
            )
    return dict(given)


def _column(values: Mapping[str, Any], where: str) -> Column:
    name = values.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ColumnError(f"{where}: name is {name!r}, expected a text.")
    terms = _terms(values.get("terms"), where)
    average = bool(values.get("average", False))
    decimals = values.get("decimals", 2)
    if not isinstance(decimals, int) or not 0 <= decimals <= MOST_DECIMALS:
        raise ColumnError(
            f"{where}: decimals is {decimals!r}, expected a whole number from 0 to {MOST_DECIMALS}."
        )
    facts = _facts(terms, values.get("measures") or {}, where)
    facts |= {k: values[k] for k in facts if values.get(k) is not None}
    facts |= {k: values[k] for k in ("least", "most") if k in values}
    ends = _range(facts["least"], facts["most"], where)
    return Column(
        name=name,
        terms=terms,
        decimals=decimals,
        words=str(values.get("words") or _words(terms, values.get("measures") or {}, average)),
        unit=_text(facts["unit"]),
        least=ends[0],
        most=ends[1],
        lower_is_better=bool(facts["lower_is_better"]),
        average=average,
        kind=_text(values.get("kind")),
        paper=_text(values.get("paper")),
        scientific=bool(values.get("scientific", False)),
        competes=bool(values.get("competes", True)),
        despite_divergence=bool(values.get("despite_divergence", False)),
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _terms(given: Any, where: str) -> Terms:
    """Groups of (task, metric) as tuples."""
    example = '[[["task", "metric"]]]'
    if not _is_list(given) or not given or not all(_is_list(g) and g for g in given):
        raise ColumnError(f"{where}: terms is {given!r}, expected groups such as {example}.")
    for term in (term for group in given for term in group):
        if not _is_list(term) or len(term) != 2 or not all(isinstance(w, str) for w in term):
            raise ColumnError(f"{where}: term {term!r} is no task and metric, such as {example}.")
    return tuple(tuple((term[0], term[1]) for term in group) for group in given)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _facts(terms: Terms, measures: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Unit, range and direction of a column, from what its metrics are.

    A mean of several metrics lies in the range that encloses theirs. Raises ColumnError where
    metrics of both directions would be averaged.
    """
    metrics = dict.fromkeys(metric for group in terms for _, metric in group)
    known = [_measure(measures.get(metric)) for metric in metrics]
    directions = {bool(one["lower_is_better"]) for one in known}
    if len(directions) > 1:
        raise ColumnError(
            f"{where}: it averages {', '.join(metrics)}, of which some are better when lower. "
            "Give each direction a column of its own."
        )
    units = {one["unit"] for one in known}
    leasts, mosts = ([one[end] for one in known] for end in ("least", "most"))
    return {
        "unit": units.pop() if len(units) == 1 else None,
        "least": None if None in leasts else min(leasts),
        "most": None if None in mosts else max(mosts),
        "lower_is_better": directions == {True},
    }


def _measure(given: Any) -> dict[str, Any]:
    """What a study says of a metric, or of one that it does not describe: 0..100, higher better."""
    usual = {"words": None, "unit": None, "least": 0.0, "most": 100.0, "lower_is_better": False}
    if given is None:
        return usual
    if isinstance(given, Mapping):
        return {**usual, **given}
    return {name: getattr(given, name, value) for name, value in usual.items()}


def _range(least: Any, most: Any, where: str) -> tuple[float | None, float | None]:
    for end, value in (("least", least), ("most", most)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (number and math.isfinite(value)):
            raise ColumnError(
                f"{where}: {end} is {value!r}, expected a number, or None for no end."
            )
    if least is not None and most is not None and least >= most:
        raise ColumnError(f"{where}: the range {least:g} to {most:g} is empty.")
    return (
        None if least is None else float(least),
        None if most is None else float(most),
    )


def _words(terms: Terms, measures: Mapping[str, Any], average: bool) -> str:
    """What a column's numbers are, in words."""
    tasks = {task for group in terms for task, _ in group}
    if average or len(tasks) >= SEVERAL:
        return f"mean over {len(terms)} tasks"
    names = dict.fromkeys(
        _measure(measures.get(metric))["words"] or metric for group in terms for _, metric in group
    )
    return f"mean of {' and '.join(names)}" if len(names) > 1 else "".join(names)
