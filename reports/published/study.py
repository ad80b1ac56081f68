"""Published numbers as tables: a folder of CSV files and a tables.yaml that says what they are."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from reports.errors import ReportError
from reports.published.errata import with_errata
from reports.table import Column, Row, Score, Table, mark_bold
from sweeps.errors import nearest

TABLES = "tables.yaml"
Record = Mapping[str, str]


def studies() -> list[str]:
    """The studies whose published numbers are here."""
    folder = files("reports.published")
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and (p / TABLES).is_file())


def find_study(name: str | None = None) -> PublishedStudy:
    """A study by name; None is the only one there. Raises ReportError."""
    known = studies()
    if name is None and len(known) == 1:
        name = known[0]
    if name not in known:
        raise ReportError(f"No published numbers of study {name!r}. {nearest(name, known)}")
    return PublishedStudy(name, files("reports.published") / name)


class PublishedStudy:
    """The published tables of one study."""

    def __init__(self, name: str, folder: Traversable) -> None:
        self.name = name
        self._folder = folder
        self._digests: dict[str, str] = {}
        self._about = yaml.safe_load(self._text(TABLES))

    @property
    def numbers(self) -> list[int]:
        """The tables there are."""
        return sorted(self._about["tables"])

    @property
    def condensed(self) -> list[str]:
        """The columns of the condensed tables."""
        return list(self._about["condensed"])

    def title(self, number: int) -> str:
        """What a table shows."""
        return str(self._about["tables"][number]["title"])

    def metric(self, name: str) -> str | None:
        """The metric behind a condensed column's name, or a metric's own; None for another."""
        metric = self._about["condensed"].get(name, name)
        return metric if metric in self._about["columns"] else None

    def baseline(self) -> tuple[list[str | None], Row]:
        """The baseline of the whole study, and every metric that is published of it in order."""
        table = self.table(min(self.numbers), every_metric=True)
        row = next(row for row in table.rows if row.baseline)
        return [column.paper for column in table.columns], row

    def table(self, number: int, *, every_metric: bool = False) -> Table:
        """A published table; with `every_metric` its rows as the full table has them.

        Raises ReportError for one that is not there.
        """
        if number not in self._about["tables"]:
            known = ", ".join(map(str, self.numbers))
            raise ReportError(f"--table {number}: no table of scores. Known: {known}.")
        self._digests = {TABLES: self._digest(TABLES)}
        about = self._about["tables"][number]
        source = about.get("scores", self._about["full"])
        records = self._records(source)
        full = "scores" not in about and "rows" not in about
        if "rows" in about:
            records = [r for r in records if r["table"] == str(number)]
        columns = self._columns(about, records[0], condensed="rows" in about and not every_metric)
        rows = [
            self._row(about, record, columns, number, i, full=full)
            for i, record in enumerate(records)
        ]
        ruler = self._ruler(about, columns)
        shown = mark_bold(rows, list(columns.values()), ruler)
        notes = self._rule(about, ruler, shown)
        if not about.get("bold", True):
            shown = tuple(_plain(row) for row in shown)
        errata = [e for e in self._about.get("errata", []) if e["table"] == number]
        names = [column.name for column in columns.values()]
        return Table(
            id=f"published-table{number:02}",
            title=f"Table {number} of the paper: {about['title']}",
            section=str(about["section"]),
            columns=tuple(columns.values()),
            rows=with_errata(shown, names, errata, ruler),
            ruler=tuple(ruler),
            headings=tuple(about["headings"]),
            label_at=1 if full else 0,
            notes=(*notes, *(" ".join(note.split()) for note in about.get("notes", []))),
            provenance={
                "published": str(number),
                "study": self.name,
                "source": self._about["source"],
                "files": " ".join(f"{n}={d[:16]}" for n, d in sorted(self._digests.items())),
            },
        )

    # -- parts -------------------------------------------------------------------------------

    def _columns(
        self, about: Mapping[str, Any], record: Record, *, condensed: bool
    ) -> dict[str, Column]:
        """The columns shown, by the name of the metric they show."""
        averages = about.get("averages", self._about["averages"])
        known, short = self._about["columns"], {}
        metrics = [metric for metric in record if metric in known]
        if condensed or set(metrics) == set(self._about["condensed"].values()):
            short = {metric: name for name, metric in self._about["condensed"].items()}
            metrics = list(short)
        return {
            metric: Column(
                name=short.get(metric, known[metric]["name"]),
                words=known[metric]["unit"],
                decimals=1 if metric in about.get("one_decimal", ()) else 2,
                average=metric in averages,
                paper=metric,
                terms=tuple(
                    tuple(tuple(known[part]["score"].rsplit(".", 1)) for part in group)
                    for group in averages.get(metric, [[metric]])
                ),
            )
            for metric in metrics
        }

    def _row(
        self,
        about: Mapping[str, Any],
        record: Record,
        columns: Mapping[str, Column],
        number: int,
        index: int,
        *,
        full: bool,
    ) -> Row:
        label = record.get("experiment") or record["model"]
        if full:
            stub = [record["table"], label]
        else:
            stub = about["rows"][index] if "rows" in about else [label]
        deviation = label == self._about["deviation_row"]
        return Row(
            label=label,
            stub=tuple(stub),
            baseline=record.get("is_baseline") == "1",
            kind="deviation" if deviation else "score",
            group=record["table"] if full else None,
            scores=tuple(
                Score(value=float(record[metric]))
                if deviation
                else self._score(about, record, metric, column.decimals, computed="rows" in about)
                for metric, column in columns.items()
            ),
        )

    def _score(
        self,
        about: Mapping[str, Any],
        record: Record,
        metric: str,
        decimals: int,
        *,
        computed: bool,
    ) -> Score:
        """A printed score; a mean is recomputed from its row first, where its parts are there.

        A condensed table shows what was computed: with the printed digits where both agree as
        well as rounded parts can, else with a footnote. A full table shows what is printed.
        """
        printed = Decimal(record[metric])
        given = len(record[metric].partition(".")[2])
        places = given if given < decimals else None
        averages = about.get("averages", self._about["averages"])
        groups = averages.get(metric)
        if groups is None or any(part not in record for group in groups for part in group):
            return Score(value=float(printed), places=places)
        mean = _mean([_mean([Decimal(record[part]) for part in group]) for group in groups])
        tolerance = Decimal(str(about.get("tolerance", self._about["tolerance"])))
        if abs(mean - printed) <= tolerance:
            return Score(value=float(printed), places=places)
        note = f"The mean of this row's scores is {mean:.2f}; the paper prints {printed}."
        return Score(value=float(round(mean, 2) if computed else printed), notes=(note,))

    def _ruler(self, about: Mapping[str, Any], columns: Mapping[str, Column]) -> list[float | None]:
        if not about.get("ruler", True):
            return [None] * len(columns)
        wanted = self._about["deviation_row"]
        (record,) = (r for r in self._records(self._about["full"]) if r["experiment"] == wanted)
        return [float(record[metric]) for metric in columns]

    def _rule(
        self, about: Mapping[str, Any], ruler: Sequence[float | None], rows: Sequence[Row]
    ) -> list[str]:
        if all(std is None for std in ruler):
            return ["No ruler: these systems were not trained repeatedly; only the best is bold."]
        if not about.get("bold", True):
            count = sum(score.bold for row in rows for score in row.scores)
            return [f"The paper prints this table without bold; its rule would give {count}."]
        return [
            "Bold: the best of a column and every score less than two standard deviations of the "
            f"baseline ({self._about['baseline_runs']} runs) below it."
        ]

    # -- files -------------------------------------------------------------------------------

    def _records(self, name: str) -> list[Record]:
        self._digests[name] = self._digest(name)
        return list(csv.DictReader(self._text(name).splitlines()))

    def _text(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8")

    def _digest(self, name: str) -> str:
        return hashlib.sha256((self._folder / name).read_bytes()).hexdigest()


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _plain(row: Row) -> Row:
    return replace(row, scores=tuple(replace(score, bold=False) for score in row.scores))
