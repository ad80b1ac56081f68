"""The page behind a number: one configuration with one seed, and all that is known of its run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from reports.figures import CURVE, read_curve
from reports.reading.collect import SCORES
from reports.reading.missing import reason
from reports.reading.records import flat
from reports.reading.results import Result, Results
from reports.site.answers import answers_element, read_answers
from reports.site.checkpoints import checkpoints_element
from reports.site.curve import curve_element
from reports.site.page import amount, code, date, duration, folded, grid, page, section
from reports.table import Table, number
from sweeps.digests import DESCRIPTION
from sweeps.running.code import CHANGES
from sweeps.running.logs import find_logs
from sweeps.store import read_json

Record = Mapping[str, Any]
LOG_TAIL = 20_000
"""Bytes shown of a log."""


def cell_path(record: Record, row: int, cell: int) -> str:
    """Where a cell's page lies below the site."""
    seed = record["rows"][row]["cells"][cell]["seed"]
    return f"{record['id']}/{row}-seed{seed}.html"


def cell_page(record: Record, table: Table, results: Results, row: int, cell: int) -> str:
    """One cell: scores, configuration, stages, losses, predictions, logs."""
    return _CellPage(record, table, results, row, cell).html()


class _CellPage:
    def __init__(self, record: Record, table: Table, results: Results, row: int, cell: int) -> None:
        self.record = record
        self.table = table
        self.results = results
        self.number = row
        self.row = record["rows"][row]
        self.cell = self.row["cells"][cell]
        self.stages: Mapping[str, Any] = record.get("stages") or {}
        self.depth = table.id.count("/") + 1
        self.up = "../" * self.depth
        """From this page to the folder of all."""
        wanted = set(self.cell["stages"])
        # The record names stages in the order of work.
        self.found = {
            key: results.get(stage["name"], key)
            for key, stage in self.stages.items()
            if key in wanted
        }

    def html(self) -> str:
        """The whole page."""
        body = self._seeds()
        body += section("Scores", self._scores())
        body += section("Configuration against the baseline", self._configuration())
        body += section("Stages", self._stages())
        body += section("Training loss", self._losses())
        body += section("Checkpoints on validation", self._checkpoints())
        body += section("Predictions", self._predictions())
        body += section("Environment", self._environment())
        body += section("Logs", self._logs())
        return page(
            f"{self.row['label']}, seed {self.cell['seed']}",
            body,
            trail=[
                ("Sweeps", f"{self.up}index.html"),
                (self.table.title, f"{self.up}{self.table.id}.html"),
            ],
            depth=self.depth,
        )

    def _seeds(self) -> str:
        links = [
            f"seed {cell['seed']}"
            if cell is self.cell
            else f'<a href="{self.up}{escape(cell_path(self.record, self.number, k))}">'
            f"seed {cell['seed']}</a>"
            for k, cell in enumerate(self.row["cells"])
        ]
        star = "The baseline. " if self.row.get("baseline") else ""
        dates = [date for key in self.found for date in self._dates(key) if date]
        when = f" Its stages ran from {min(dates)} to {max(dates)} UTC." if dates else ""
        return f'<p class="seeds">{star}Runs of this row: {", ".join(links)}.{when}</p>\n'

    def _scores(self) -> str:
        row = next(row for row in self.table.rows if row.label == str(self.row["label"]))
        lines = []
        for column, mean in zip(self.table.columns, row.scores, strict=True):
            tasks = column.tasks
            found = {task: self._score_file(task) for task in tasks}
            value = column.value(found)
            lines.append(
                [
                    escape(column.name),
                    number(value, column.decimals),
                    f"{number(mean.value, column.decimals)} ({mean.runs}/{mean.asked})",
                    escape(column.description),
                ]
            )
        return grid(["column", "this run", "mean of the row (runs)", "unit"], lines)

    def _score_file(self, task: str) -> Mapping[str, Any] | None:
        result = self.found.get(self.cell["scores"].get(task, ""))
        return result.files.get(SCORES) if result else None

    def _configuration(self) -> str:
        baseline = next((r for r in self.record["rows"] if r.get("baseline")), None)
        here = dict(_texts(self.cell["config"]))
        if baseline is None:
            there: dict[str, str] = {}
            text = "<p>No row is the baseline.</p>\n"
        else:
            there = dict(_texts(baseline["cells"][0]["config"]))
            changed = [
                [code(key), code(there.get(key, "not set")), code(here.get(key, "not set"))]
                for key in dict.fromkeys([*there, *here])
                if there.get(key) != here.get(key)
            ]
            text = (
                grid(["setting", "baseline", "here"], changed) if changed else "<p>The same.</p>\n"
            )
        rows = [[code(key), code(value)] for key, value in here.items()]
        return text + folded(f"All {len(rows)} settings", grid(["setting", "value"], rows))

    def _stages(self) -> str:
        rows, seconds, flops = [], 0.0, 0.0
        for key, result in self.found.items():
            state, wall, rate, commit = self._state(key, result), "", "", ""
            work = self.results.flops(key, self.stages[key])
            flops += work
            if result is not None:
                seconds += result.wall_seconds or 0.0
                wall = duration(result.wall_seconds)
                rate = amount(work / result.wall_seconds if result.wall_seconds else 0.0)
                commit = code(str(result.provenance.get("git_commit") or "")[:12])
                if result.provenance.get("git_diff"):
                    place = f"{self.stages[key]['name']}/{key}/{CHANGES}"
                    commit += f" with changes, {code(place)} in the store"
                elif result.provenance.get("git_dirty"):
                    commit += " with changes"
            label = escape(self._label(key))
            dates = [f"<time>{date}</time>" if date else "" for date in self._dates(key)]
            about = [escape(state), *dates, wall, amount(work), rate, commit]
            rows.append([label, code(key), *about])
        total = ["all together", "", "", "", "", duration(seconds), amount(flops), "", ""]
        headings = ["stage", "key", "state", "began", "ended", "time", "FLOPs", "FLOP/s", "commit"]
        return grid(headings, [*rows, total])

    def _dates(self, key: str) -> tuple[str, str]:
        """When a finished stage began and ended; nothing of one that is not finished."""
        described = read_json(self._folder(key) / DESCRIPTION) if self.found[key] else None
        said = described if isinstance(described, Mapping) else {}
        return date(said.get("started")), date(said.get("finished"))

    def _state(self, key: str, result: Result | None) -> str:
        return "finished" if result else reason(self.results, self.stages, key)

    def _losses(self) -> str:
        text = ""
        for key in self.found:
            curve = read_curve(self._folder(key) / CURVE)
            if len(curve) > 1:
                text += curve_element(curve, self._title(key))
        return text

    def _checkpoints(self) -> str:
        rule = str(self.cell["config"].get("selection") or "best")
        return "".join(
            checkpoints_element(self._folder(key), rule, self._title(key)) for key in self.found
        )

    def _predictions(self) -> str:
        return "".join(
            answers_element(task, read_answers(self._folder(key), task))
            for task, key in sorted(self.cell["scores"].items())
        )

    def _environment(self) -> str:
        text = ""
        for key, result in self.found.items():
            if result is not None:
                rows = [[code(name), code(v)] for name, v in _texts(result.provenance)]
                title = self._title(key)
                text += folded(title, grid(["fact", "value"], rows))
        return text

    def _logs(self) -> str:
        text = ""
        for key, result in self.found.items():
            title = self._title(key)
            for path in find_logs(self.results.store, self.stages[key]["name"], key):
                if log := _tail(path):
                    text += folded(title, f"<pre>{escape(log)}</pre>\n")
            if result is None:
                for failure in self.results.store.failures(key):
                    traceback = str(failure.get("traceback") or failure.get("error") or "")
                    name = f"{title}, attempt {failure.get('attempt')} failed"
                    text += folded(name, f"<pre>{escape(traceback)}</pre>\n")
        return text

    def _label(self, key: str) -> str:
        """A stage's name, with what it works on where the record says so."""
        stage = self.stages[key]
        return str(stage.get("label") or stage["name"])

    def _title(self, key: str) -> str:
        return f"{self._label(key)}, {key[:8]}"

    def _folder(self, key: str) -> Path:
        return self.results.store.place(self.stages[key]["name"], key)


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """A nested mapping as dotted names and texts."""
    for name, one in flat(value):
        yield name, one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_TAIL))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return f"[...]\n{text}" if size > LOG_TAIL else text
