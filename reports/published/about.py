"""What a tables.yaml says of a study's published tables, typed and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

import yaml

from reports.errors import ReportError
from sweeps.errors import nearest

Groups = Sequence[Sequence[str]]
"""Groups of a file's columns: a mean over groups of the mean within each."""
Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True)
class ColumnAbout:
    """A column of the files, wherever it is shown."""

    name: str
    """What stands above it."""
    words: str = ""
    """What its numbers are: "accuracy"."""
    unit: str | None = None
    range: Sequence[float | None] = (0.0, 100.0)
    """Both ends; null where there is none."""
    lower_is_better: bool = False
    competes: bool = True
    """Whether its best numbers are bold; not so what only describes a row: sizes, costs, texts."""
    bold_with: str | None = None
    """The column that decides its bold, where a paper sets two as a pair."""
    score: str | None = None
    """The task and metric behind it, task.metric, as the runs of this study call them."""
    decimals: int | None = None
    """Of a mean that the files do not have; others have the digits that are printed."""


@dataclass(frozen=True, kw_only=True)
class TableAbout:
    """How one table is made of a file."""

    title: str
    section: str
    headings: Sequence[str] | None = None
    """Over what stands left of the scores; the labels' names where none are given."""
    scores: str | None = None
    """Its file; the study's full one where none is named, of which it has the lines of `table`."""
    labels: Sequence[str] | None = None
    """The file's columns that stand left of the scores; the study's, else the first one."""
    label: str | None = None
    """The one of several that names a row; all of them together where none is named."""
    spelled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By label column, what is shown for a text of the file."""
    columns: Sequence[str] | None = None
    """The file's columns that are shown; all that are known where none are named."""
    condensed: bool = False
    """Whether the study's condensed columns are shown, under their short names."""
    rows: Sequence[Sequence[str]] | None = None
    """Left of a condensed table of the full scores: a text under each heading."""
    baseline: str | Mapping[str, str] | None = None
    """The starred row: its label, or texts of the file; else the file's own `is_baseline`."""
    group: str | None = None
    """The file's column whose rows of one text compete for the bold."""
    bold: bool = True
    """False where the table is printed without bold."""
    facts: bool = False
    """Whether it holds facts alone, of which none is a best one."""
    ruler: bool = True
    """False where the study's spread is none of these rows'."""
    no_ruler: str | None = None
    one_decimal: Sequence[str] = ()
    averages: Mapping[str, Groups] | None = None
    tolerance: float | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Erratum:
    """Where a print differs from its own numbers, or needs a word."""

    table: int | str
    row: str | Mapping[str, str] | None = None
    """Its label, or texts of the file; none for a note to the whole table."""
    column: str | None = None
    note: str | None = None
    """What is to be known, in words."""
    printed: Mapping[str, float] = field(default_factory=dict)
    """What is printed instead of the full table's number, by column."""
    bold: str | None = None
    """How the number is printed against the rule: bold or plain."""
    why: str | None = None

    def of_metrics(self, condensed: Mapping[str, str]) -> Erratum:
        """The same of the files' columns: those of a condensed table have short names."""
        return replace(
            self,
            column=condensed.get(self.column or "", self.column),
            printed={condensed.get(name, name): value for name, value in self.printed.items()},
        )


@dataclass(frozen=True, kw_only=True)
class StudyAbout:
    """All that is said of a study's published tables."""

    source: str
    licence: str
    publication: str = "the publication"
    """What the publication is called in a sentence."""
    short: str = "published"
    """What its columns are called beside ours."""
    scores: str | None = None
    """What a number is, where it is no plain mean of runs: "medians of 10 runs"."""
    full: str | None = None
    """The file of every score of every table."""
    deviation_row: str | None = None
    """The line of the full file that is the baseline's standard deviation."""
    baseline_runs: int | None = None
    no_ruler: str = "no standard deviation is printed"
    labels: Sequence[str] | None = None
    tolerance: float = 0.0
    """By how much a printed mean may differ from that of the printed numbers, unrounded."""
    averages: Mapping[str, Groups] = field(default_factory=dict)
    condensed: Mapping[str, str] = field(default_factory=dict)
    """Columns of a condensed table: short name to the file's column."""
    columns: Mapping[str, ColumnAbout]
    tables: Mapping[int | str, TableAbout]
    errata: Sequence[Erratum] = ()


def read_about(text: str, where: str) -> StudyAbout:
    """The content of a tables.yaml. Raises ReportError that names the place and the field."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ReportError(f"{where}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(given, Mapping):
        raise ReportError(f"{where}: expected a mapping with source, licence, columns and tables.")
    parts: dict[str, Any] = {}
    for name, kind in (("columns", ColumnAbout), ("tables", TableAbout)):
        entries = given.get(name)
        if not isinstance(entries, Mapping):
            raise ReportError(f"{where}: {name} is missing, or no mapping.")
        parts[name] = {
            key: _made(kind, one, f"{where}: {name}.{key}") for key, one in entries.items()
        }
    parts["errata"] = [
        _made(Erratum, one, f"{where}: erratum {number}")
        for number, one in enumerate(given.get("errata") or [], start=1)
    ]
    return _made(StudyAbout, {**given, **parts}, where)


def _made(kind: type[Kind], given: Any, where: str) -> Kind:
    if not isinstance(given, Mapping):
        raise ReportError(f"{where}: expected a mapping, found {given!r}.")
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            raise ReportError(f"{where}: unknown field {name!r}. {nearest(str(name), known)}")
    try:
        return kind(**given)
    except TypeError as error:
        missing = str(error).partition("argument")[2].lstrip("s: ")
        raise ReportError(f"{where}: missing: {missing}.") from error
