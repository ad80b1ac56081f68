"""From a sweep's record and the finished stages to its table."""

from __future__ import annotations

import math
import re
import shlex
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reports.errors import ReportError
from reports.reading import notes, sampling
from reports.reading.chosen import no_better_than_constant
from reports.reading.missing import damaged, reason
from reports.reading.opened import origin
from reports.reading.records import find_record
from reports.reading.results import Result, Results, Scores
from reports.table import FEW_RUNS, Column, Row, Score, Table, mark_bold
from sweeps.claims.recorded import claimed
from sweeps.columns import COST, recorded_columns

SCORES = "scores.json"


def collect(store: Path, id: str, *, cost: bool = False) -> Table:
    """The table of a sweep as its store is now.

    It has a column of what a run computes where that is asked for, or something is claimed of it.
    Raises ReportError for an unknown id, and where the cost is asked for and nowhere known.
    """
    record = find_record(store, id)
    results = sweep_results(store, record)
    collector = Collector(record, results)
    table = collector.table()
    flops = collector.flops() if cost or claimed(record, COST) else {}
    if cost or flops:
        table = with_cost(table, flops)
    results.save()
    if not record.get("claims"):
        return table
    # Judging takes statistics and the published tables: a table without claims is drawn as fast.
    from reports.claims.drawn import claims_table

    return replace(table, claims=claims_table(store, record))


def sweep_results(store: Path, record: Mapping[str, Any]) -> Results:
    """The finished stages behind a sweep, read together."""
    references = tuple(str(r["file"]) for r in record.get("references") or [])
    results = Results(store, references)
    results.prefetch((s["name"], key) for key, s in (record.get("stages") or {}).items())
    return results


def with_cost(table: Table, flops: Mapping[str, float]) -> Table:
    """The table with a last column of what one run of each row computes, by label."""
    if not flops:
        raise ReportError(f"--cost: no stage of {table.id} says how many FLOPs it takes.")
    column = Column(**vars(COST))

    def costed(row: Row, known: Mapping[str, float]) -> Row:
        return replace(row, scores=(*row.scores, Score(value=known.get(row.label))))

    return replace(
        table,
        columns=(*table.columns, column),
        ruler=(*table.ruler, None),
        rows=tuple(costed(row, flops) for row in table.rows),
        references=tuple(costed(row, {}) for row in table.references),
        notes=(*table.notes, *notes.ranges([column])),
        provenance={**table.provenance, "cost": "FLOPs"},
    )


def read_columns(record: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns that a record asks for."""
    return tuple(Column(**vars(column)) for column in recorded_columns(record))


def distinct_cells(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The row's cells; two seeds that ask the same stages are one run, not two."""
    found: dict[tuple[tuple[str, str], ...], Mapping[str, Any]] = {}
    for cell in row["cells"]:
        found.setdefault(tuple(sorted(cell["scores"].items())), cell)
    return list(found.values())


class Collector:
    """Reads one sweep's cells into a table."""

    def __init__(self, record: Mapping[str, Any], results: Results) -> None:
        self.record = record
        self.results = results
        self.stages: Mapping[str, Any] = record.get("stages") or {}
        self.columns = read_columns(record)

    def table(self) -> Table:
        """The whole table, bold and footnotes included."""
        rows = [self._row(row) for row in self.record.get("rows") or []]
        baseline = next((row for row in rows if row.baseline), None)
        ruler = [s.deviation for s in baseline.scores] if baseline else [None] * len(self.columns)
        references = self._references()
        bold = mark_bold(rows, self.columns, ruler)
        return Table(
            id=str(self.record["id"]),
            title=str(self.record.get("title") or self.record["id"]),
            section=str(self.record.get("section") or "") or None,
            columns=self.columns,
            rows=tuple(notes.below(row, references, self.columns) for row in bold),
            ruler=tuple(ruler),
            references=(*self._deviation(baseline), *references),
            notes=tuple(
                notes.needed(
                    columns=self.columns,
                    rows=rows,
                    sampled=sampling.notes(self.columns, self._sampling(), ruler),
                    selection=self.record.get("selection"),
                    search=self.record.get("search"),
                    footnotes=self.record.get("footnotes") or [],
                    chosen=self._no_better_than_constant(),
                    flops=self.flops(),
                    mixed=notes.mixed(self._finished()),
                )
            ),
            details=tuple(notes.details(self.record.get("common") or [], self._typed())),
            provenance=self._provenance(),
        )

    # -- rows --------------------------------------------------------------------------------

    def _row(self, row: Mapping[str, Any]) -> Row:
        cells = distinct_cells(row)
        same = len(row["cells"]) - len(cells)
        repeated = (notes.same_runs(len(row["cells"]), same),) if same else ()
        why = [reason for cell in cells if (reason := self._diverged(cell))]
        gone = (notes.diverged(why, len(cells)),) if why else ()
        return Row(
            label=str(row["label"]),
            name=row.get("name"),
            baseline=bool(row.get("baseline", False)),
            scores=tuple(self._score(column, cells) for column in self.columns),
            notes=(*repeated, *gone, *self._noted(cells)),
        )

    def _diverged(self, cell: Mapping[str, Any]) -> str | None:
        """Why a scored stage of the cell says that the training it scores has diverged."""
        for key in dict.fromkeys(cell["scores"].values()):
            result = self.results.get(self.stages[key]["name"], key)
            if result and (why := result.facts.get("diverged")):
                return str(why)
        return None

    def _noted(self, cells: Sequence[Mapping[str, Any]]) -> Iterable[str]:
        """What the row's finished stages have to say to who reads a table, each thing once."""
        stages = dict.fromkeys(key for cell in cells for key in cell["stages"])
        notes: list[str] = []
        for key in stages:
            name = self.stages[key]["name"]
            if result := self.results.get(name, key):
                notes += map(self._in_columns, result.facts.get("notes", ()))
                # A missing score says so itself.
                if result.damage and result.damage != SCORES:
                    notes.append(damaged(name, key, result.damage))
        return dict.fromkeys(notes)

    def _no_better_than_constant(self) -> dict[str, dict[str, int]]:
        """By row and column, how many runs chose a checkpoint that a constant answer equals."""
        found: dict[str, dict[str, int]] = {}
        for row in self.record.get("rows") or []:
            counts: Counter[str] = Counter()
            for cell in distinct_cells(row):
                rule = str(cell["config"].get("selection", "best"))
                for key in cell["stages"]:
                    if result := self.results.get(self.stages[key]["name"], key):
                        tasks = no_better_than_constant(result.chosen, rule)
                        counts.update(self._shown_as(task) for task in tasks)
            if counts:
                found[str(row["label"])] = dict(counts)
        return found

    def _shown_as(self, task: str) -> str:
        """The column that is this task's alone; the task where none is, or several are."""
        alone = [column.name for column in self.columns if column.tasks == (task,)]
        return alone[0] if len(alone) == 1 else task

    def _in_columns(self, note: str) -> str:
        """What a stage notes, which knows tasks, in the words of the table's columns."""
        tasks = {re.escape(task) for column in self.columns for task in column.tasks}
        names = rf"\b(?:{'|'.join(sorted(tasks))})\b"
        return re.sub(names, lambda found: self._shown_as(found[0]), note)

    def flops(self) -> dict[str, float]:
        """What one run of each row computes, by label: the mean over the runs of which it is known.

        All stages behind a run count, also those that other runs share.
        """
        found = {}
        for row in self.record.get("rows") or []:
            runs = [
                sum(self.results.flops(key, self.stages[key]) for key in cell["stages"])
                for cell in distinct_cells(row)
            ]
            if known := [flops for flops in runs if flops]:
                found[str(row["label"])] = statistics.fmean(known)
        return found

    def _typed(self) -> dict[str, Sequence[str]]:
        """The overrides of a grid's rows, by label, where the label says them in other words."""
        if self.record.get("sweep_file") or self.record.get("search"):
            return {}
        rows = self.record.get("rows") or []
        typed = {str(row["label"]): row.get("overrides") or () for row in rows}
        return {label: t for label, t in typed.items() if t and label != ", ".join(t)}

    def _score(self, column: Column, cells: Sequence[Mapping[str, Any]]) -> Score:
        tasks = column.tasks
        values: list[float] = []
        why: list[tuple[int, str]] = []
        for cell in cells:
            value = column.value(self._files(cell, tasks, SCORES))
            if value is not None:
                values.append(value)
            elif column.competes or self._unfinished(cell, tasks):
                why.append((cell["seed"], self._reason(column, cell, tasks)))
        return Score(
            value=statistics.fmean(values) if values else None,
            deviation=statistics.stdev(values) if len(values) > 1 else None,
            runs=len(values),
            asked=len(cells),
            diverged=0 if column.despite_divergence else sum(map(bool, map(self._diverged, cells))),
            notes=notes.incomplete(len(values), len(values) + len(why), why),
            samples=tuple(values),
            keys=tuple(
                dict.fromkeys(c["scores"][t] for c in cells for t in tasks if t in c["scores"])
            ),
        )

    def _evaluations(
        self, cell: Mapping[str, Any], tasks: Iterable[str]
    ) -> dict[str, Result | None]:
        """Each task's finished evaluation in this cell."""
        found: dict[str, Result | None] = {}
        for task in tasks:
            key = cell["scores"].get(task)
            name = (self.stages.get(key) or {}).get("name") if key else None
            found[task] = self.results.get(name, key) if name and key else None
        return found

    def _files(
        self, cell: Mapping[str, Any], tasks: Iterable[str], file: str
    ) -> dict[str, Scores | None]:
        """Each task's file of scores in this cell."""
        found = self._evaluations(cell, tasks)
        return {task: result.files.get(file) if result else None for task, result in found.items()}

    def _unfinished(self, cell: Mapping[str, Any], tasks: Iterable[str]) -> bool:
        """Whether a stage that the tasks' scores are of is not finished, or is damaged."""
        keys = [cell["scores"][task] for task in tasks if task in cell["scores"]]
        found = [self.results.get(self.stages[key]["name"], key) for key in keys]
        return any(result is None or result.damage for result in found)

    def _reason(self, column: Column, cell: Mapping[str, Any], tasks: Iterable[str]) -> str:
        missing, without = [], []
        for task in tasks:
            key = cell["scores"].get(task)
            name = (self.stages.get(key) or {}).get("name", "") if key else ""
            if key is None:
                absent = cell.get("absent") or {}
                missing.append(absent.get(task, f"{task} is not scored in this cell"))
            elif (result := self.results.get(name, key)) is None:
                missing.append(reason(self.results, self.stages, key))
            elif result.damage:
                missing.append(damaged(name, key, result.damage))
            else:
                continue
            without.append(task)
        if column.average and len({*missing}) > 1:
            # Each task's own column says why.
            return f"{', '.join(without)} {'have' if len(without) > 1 else 'has'} none"
        if missing:
            return "; ".join(dict.fromkeys(missing))
        files = self._files(cell, tasks, SCORES)
        wrong = [
            f"{task}.{metric}"
            for group in column.terms
            for task, metric in group
            if _finite(((files.get(task) or {}).get(task) or {}).get(metric)) is None
        ]
        return f"finished without a finite {', '.join(wrong)}"

    def _sampling(self) -> list[sampling.Sampling | None]:
        """Which examples each column's scores are of: the baseline's, else any row's."""
        rows = self.record.get("rows") or []
        ordered = sorted(rows, key=lambda row: not row.get("baseline", False))
        return [
            sampling.of_rows(
                column,
                ([self._evaluations(c, column.tasks) for c in row["cells"]] for row in ordered),
            )
            for column in self.columns
        ]

    # -- references --------------------------------------------------------------------------

    def _deviation(self, baseline: Row | None) -> list[Row]:
        if baseline is None or all(score.deviation is None for score in baseline.scores):
            return []
        scores = tuple(
            Score(value=score.deviation, runs=score.runs, asked=score.asked)
            for score in baseline.scores
        )
        fewest = min((score.runs for score in scores if score.value is not None), default=0)
        uncertain = (FEW_RUNS[fewest],) if fewest in FEW_RUNS else ()
        label = "Baseline standard deviation"
        return [Row(label=label, kind="deviation", scores=scores, notes=uncertain)]

    def _references(self) -> list[Row]:
        """Each reference from the baseline's finished cells, else from any row's."""
        rows = self.record.get("rows") or []
        ordered = sorted(rows, key=lambda row: not row.get("baseline", False))
        cells = [cell for row in ordered for cell in row["cells"]]
        found = []
        for reference in self.record.get("references") or []:
            scores = tuple(self._reference(c, cells, reference["file"]) for c in self.columns)
            if any(score.value is not None for score in scores):
                found.append(Row(label=str(reference["label"]), kind="reference", scores=scores))
        return found

    def _reference(self, column: Column, cells: Sequence[Mapping[str, Any]], file: str) -> Score:
        tasks = column.tasks
        values = [column.value(self._files(cell, tasks, file)) for cell in cells]
        there = [value for value in values if value is not None]
        if not there:
            return Score(value=None)
        differ = max(there) - min(there) > 1e-6
        return Score(value=there[0], notes=(notes.REFERENCES_DIFFER,) if differ else ())

    # -- provenance --------------------------------------------------------------------------

    def _finished(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Name and provenance of every finished stage behind the table."""
        found = []
        for key, stage in self.stages.items():
            result = self.results.get(stage["name"], key)
            if result is not None:
                found.append((stage["name"], result.provenance))
        return found

    def _provenance(self) -> dict[str, str]:
        commits = {str(p["git_commit"]) for _, p in self._finished() if p.get("git_commit")}
        keys = dict.fromkeys(
            key
            for row in self.record.get("rows") or []
            for cell in row["cells"]
            for key in cell["scores"].values()
        )
        return {
            "sweep": str(self.record["name"]),
            "store": str(origin(self.results.store.path)),
            "command": shlex.join(str(word) for word in self.record.get("command") or []),
            "commits": " ".join(sorted(commits)) or "none known",
            "keys": " ".join(keys),
        }


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
