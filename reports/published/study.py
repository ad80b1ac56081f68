"""Published numbers as tables: a folder of CSV files and a tables.yaml that says what they are."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from importlib.resources.abc import Traversable

from reports.errors import ReportError
from reports.published.about import ColumnAbout, StudyAbout, TableAbout, read_about
from reports.published.errata import with_errata
from reports.published.scores import (
    Record,
    average_score,
    computed_score,
    decimal,
    places,
    printed_score,
)
from reports.table import Column, Row, Score, Table, mark_bold
from sweeps.errors import nearest
from sweeps.product import PRODUCT

TABLES = "tables.yaml"
BASELINE = "is_baseline"
"""The column of a file that is 1 in the baseline's line."""


class PublishedStudy:
    """The published tables of one study."""

    def __init__(self, name: str, folder: Traversable) -> None:
        self.name = name
        self._folder = folder

    @cached_property
    def about(self) -> StudyAbout:
        """What its tables.yaml says."""
        return read_about(self._text(TABLES), f"{self.name}/{TABLES}")

    @property
    def names(self) -> list[str]:
        """What the tables are called: the numbered ones first."""
        return [str(name) for name in sorted(self.about.tables, key=_order)]

    @property
    def numbers(self) -> list[int]:
        """The numbered tables."""
        return sorted(name for name in self.about.tables if isinstance(name, int))

    @property
    def comparable(self) -> list[str]:
        """What a column of ours can name as the published one of its kind."""
        return list(self.about.condensed) or [
            name for name, one in self.about.columns.items() if one.competes
        ]

    def title(self, name: str | int) -> str:
        """What a table shows."""
        return self.about.tables[self.find(name)].title

    def metric(self, name: str) -> str | None:
        """The files' column behind a name: short, as it stands above it, or its own; else None."""
        if name in self.about.condensed:
            return self.about.condensed[name]
        if name in self.about.columns:
            return name
        found = [metric for metric, one in self.about.columns.items() if one.name == name]
        return found[0] if len(found) == 1 else None

    def find(self, name: str | int) -> int | str:
        """A table's name as the study writes it: 05 is 5. Raises ReportError for another."""
        known = {str(one).casefold(): one for one in self.about.tables}
        word = str(name).strip().casefold()
        word = str(int(word)) if word.isdecimal() else word
        if word in known:
            return known[word]
        names = self.names if word.isdecimal() else []
        listed = f"Known: {', '.join(names)}." if names else nearest(word, self.names)
        raise ReportError(f"--table {name}: no table of scores. {listed}")

    def baseline(self) -> tuple[list[str | None], Row]:
        """The baseline of the whole study, and every metric that is published of it in order."""
        table = self.table(min(self.numbers), every_metric=True)
        row = next(row for row in table.rows if row.baseline)
        return [column.paper for column in table.columns], row

    def table(self, name: str | int, *, every_metric: bool = False) -> Table:
        """A published table; with `every_metric` its rows as the full table has them.

        Raises ReportError for one that is not there.
        """
        key = self.find(name)
        about = self.about.tables[key]
        file = about.scores or self.about.full
        if file is None:
            raise ReportError(f"{self.name}/{TABLES}: tables.{key}: missing: scores.")
        records = self._records(file)
        if about.rows is not None:
            records = [record for record in records if record["table"] == str(key)]
        condensed = about.condensed or (about.rows is not None and not every_metric)
        columns = self._columns(about, records, condensed=condensed)
        rows = [self._row(about, record, columns, i) for i, record in enumerate(records)]
        shown, notes = self._bold(about, columns, rows)
        named = self.about.condensed
        errata = [one.of_metrics(named) for one in self.about.errata if one.table == key]
        noted = with_errata(
            shown,
            records,
            list(columns),
            tuple(columns.values()),
            errata,
            self.about.publication,
            ruler := self._ruler(about, columns),
        )
        whole = [one.note for one in errata if one.row is None and one.note]
        labels = self._labels(about, records[0])
        notes += [*self._about_scores(about, columns, records), *about.notes, *whole]
        read = {TABLES, file, *self._spread(about)}
        return Table(
            id=self._id(key),
            title=self._title(key, about),
            section=about.section,
            columns=tuple(columns.values()),
            rows=noted,
            ruler=tuple(ruler),
            headings=tuple(about.headings or [_spoken(label) for label in labels]),
            label_at=labels.index(about.label) if about.label else 0,
            notes=tuple(" ".join(note.split()) for note in notes),
            provenance={
                "published": str(key),
                "study": self.name,
                "source": self.about.source,
                "files": " ".join(f"{one}={self._digest(one)[:16]}" for one in sorted(read)),
            },
        )

    # -- parts -------------------------------------------------------------------------------

    def _id(self, key: int | str) -> str:
        called = f"published-table{key:02}" if isinstance(key, int) else f"published-{key}"
        return called if self.name == PRODUCT.default_study else f"{self.name}/{called}"

    def _title(self, key: int | str, about: TableAbout) -> str:
        if isinstance(key, int):
            return f"Table {key} of {self.about.publication}: {about.title}"
        return f"{about.title}, as in {self.about.publication}"

    def _labels(self, about: TableAbout, record: Record) -> list[str]:
        """The file's columns that stand left of the scores."""
        return list(about.labels or self.about.labels or list(record)[:1])

    def _averages(self, about: TableAbout) -> Mapping[str, Sequence[Sequence[str]]]:
        return self.about.averages if about.averages is None else about.averages

    def _columns(
        self, about: TableAbout, records: Sequence[Record], *, condensed: bool
    ) -> dict[str, Column]:
        """The columns shown, by the files' names."""
        averages = self._averages(about)
        if condensed:
            metrics = {metric: name for name, metric in self.about.condensed.items()}
        else:
            labels = self._labels(about, records[0])
            chosen = about.columns or [
                name for name in records[0] if name in self.about.columns and name not in labels
            ]
            metrics = {metric: self._of(metric).name for metric in chosen}
        return {
            metric: self._column(about, metric, name, averages, records)
            for metric, name in metrics.items()
        }

    def _of(self, metric: str) -> ColumnAbout:
        if metric not in self.about.columns:
            raise ReportError(
                f"{self.name}/{TABLES}: no column {metric!r}. {nearest(metric, self.about.columns)}"
            )
        return self.about.columns[metric]

    def _column(
        self,
        about: TableAbout,
        metric: str,
        name: str,
        averages: Mapping[str, Sequence[Sequence[str]]],
        records: Sequence[Record],
    ) -> Column:
        one = self._of(metric)
        groups = averages.get(metric, [[metric]])
        parts = [self._of(part).score for group in groups for part in group]
        least, most = one.range
        return Column(
            name=name,
            words=one.words,
            unit=one.unit,
            least=least,
            most=most,
            lower_is_better=one.lower_is_better,
            competes=one.competes and not about.facts,
            decimals=self._decimals(about, metric, one, records),
            average=metric in averages,
            paper=metric,
            terms=()
            if None in parts
            else tuple(
                tuple(_task_and_metric(self._of(part).score or "") for part in group)
                for group in groups
            ),
        )

    def _decimals(
        self, about: TableAbout, metric: str, one: ColumnAbout, records: Sequence[Record]
    ) -> int:
        """As many as the most that any number of the column is printed with."""
        if metric in about.one_decimal:
            return 1
        numbers = [
            text
            for record in records
            if self.about.deviation_row not in record.values()
            and decimal(text := record.get(metric, "").strip()) is not None
        ]
        plain = [places(text) for text in numbers if "e" not in text.casefold()]
        return max(plain, default=one.decimals or 0)

    def _row(
        self, about: TableAbout, record: Record, columns: Mapping[str, Column], index: int
    ) -> Row:
        labels = self._labels(about, record)
        stub = [about.spelled.get(name, {}).get(record[name], record[name]) for name in labels]
        label = record[about.label] if about.label else ", ".join(text for text in stub if text)
        deviation = label == self.about.deviation_row
        return Row(
            label=label,
            stub=tuple(stub if about.rows is None else about.rows[index]),
            baseline=_is_baseline(about, record, label),
            kind="deviation" if deviation else "score",
            group=record[about.group] if about.group else None,
            scores=tuple(
                Score(value=float(record[metric]))
                if deviation
                else self._score(about, record, metric, column)
                for metric, column in columns.items()
            ),
        )

    def _score(self, about: TableAbout, record: Record, metric: str, column: Column) -> Score:
        groups = self._averages(about).get(metric)
        if metric not in record:
            if groups is None:
                raise ReportError(f"{self.name}/{TABLES}: no file has the column {metric!r}.")
            return computed_score(record, groups, self._of(metric).decimals or column.decimals)
        if groups is None:
            return printed_score(record[metric])
        tolerance = self.about.tolerance if about.tolerance is None else about.tolerance
        return average_score(
            record,
            metric,
            groups,
            tolerance=Decimal(str(tolerance)),
            computed=about.rows is not None,
            paper=self.about.publication,
        )

    def _spread(self, about: TableAbout) -> list[str]:
        """The file that has the baseline's standard deviation, where it is this table's too."""
        there = self.about.full and self.about.deviation_row and about.ruler and not about.facts
        return [self.about.full] if there and self.about.full else []

    def _ruler(self, about: TableAbout, columns: Mapping[str, Column]) -> list[float | None]:
        spread = self._spread(about)
        if not spread:
            return [None] * len(columns)
        wanted = self.about.deviation_row
        records = self._records(spread[0])
        (record,) = (r for r in records if wanted in r.values())
        return [float(record[metric]) for metric in columns]

    def _bold(
        self, about: TableAbout, columns: Mapping[str, Column], rows: Sequence[Row]
    ) -> tuple[tuple[Row, ...], list[str]]:
        """The rows with their bold, and what is to be said about it."""
        ruler = self._ruler(about, columns)
        shown = self._paired(mark_bold(rows, list(columns.values()), ruler), list(columns))
        if about.facts or not any(column.competes for column in columns.values()):
            return shown, []
        paper = self.about.publication
        if not about.bold:
            count = sum(score.bold for row in shown for score in row.scores)
            plain = tuple(_plain(row) for row in shown)
            return plain, [
                f"{paper[0].upper()}{paper[1:]} prints this table without bold; "
                + (f"its rule would give {count}." if any(ruler) else "so it is shown.")
            ]
        if all(std is None for std in ruler):
            why = about.no_ruler or self.about.no_ruler
            group = " among rows of one kind" if about.group else ""
            return shown, [f"No ruler: {why}; only the best is bold{group}."]
        return shown, [
            "Bold: the best of a column and every score less than two standard deviations of the "
            f"baseline ({self.about.baseline_runs} runs) below it."
        ]

    def _paired(self, rows: Sequence[Row], metrics: Sequence[str]) -> tuple[Row, ...]:
        """The rows with the bold of columns that a paper sets as a pair: the first decides."""
        leads = {
            j: metrics.index(lead)
            for j, metric in enumerate(metrics)
            if (lead := self._of(metric).bold_with) in metrics
        }
        return tuple(
            replace(
                row,
                scores=tuple(
                    replace(
                        score, bold=row.scores[leads.get(j, j)].bold and score.value is not None
                    )
                    for j, score in enumerate(row.scores)
                ),
            )
            for row in rows
        )

    def _about_scores(
        self, about: TableAbout, columns: Mapping[str, Column], records: Sequence[Record]
    ) -> Iterable[str]:
        if self.about.scores and not about.facts:
            yield f"Scores: {self.about.scores}."
        lower = [c.name for c in columns.values() if c.competes and c.lower_is_better]
        if lower:
            yield f"Lower is better: {', '.join(lower)}."
        made = [column.name for metric, column in columns.items() if metric not in records[0]]
        if made:
            yield f"{', '.join(made)}: not printed; computed here from the row's printed scores."

    # -- files -------------------------------------------------------------------------------

    def _records(self, name: str) -> list[Record]:
        file = io.StringIO(self._text(name), newline="")
        records: list[Record] = list(csv.DictReader(file))
        if not records:
            raise ReportError(f"{self.name}/{name} holds no row.")
        return records

    def _text(self, name: str) -> str:
        try:
            return (self._folder / name).read_text(encoding="utf-8")
        except OSError as error:
            raise ReportError(
                f"Cannot read the published file {self.name}/{name}: {error.strerror or error}."
            ) from error

    def _digest(self, name: str) -> str:
        return hashlib.sha256((self._folder / name).read_bytes()).hexdigest()


def _order(name: int | str) -> tuple[bool, int, str]:
    number = isinstance(name, int)
    return (not number, int(name) if number else 0, str(name))


def _spoken(name: str) -> str:
    """A file's column as a heading."""
    return name.replace("_", " ").capitalize()


def _task_and_metric(score: str) -> tuple[str, str]:
    task, _, metric = score.rpartition(".")
    return task, metric


def _is_baseline(about: TableAbout, record: Record, label: str) -> bool:
    if about.baseline is None:
        return record.get(BASELINE) == "1"
    if isinstance(about.baseline, str):
        return label == about.baseline
    return all(record.get(name) == text for name, text in about.baseline.items())


def _plain(row: Row) -> Row:
    return replace(row, scores=tuple(replace(score, bold=False) for score in row.scores))
