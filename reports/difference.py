"""Whether a row differs from the baseline, beyond the paper's rule: Welch's test, paired bootstrap.

Both take the scores of a table as they are and mark the ones whose difference is significant.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reports.errors import ReportError
from reports.notes import METRICS
from reports.table import Column, Row, Score, Table
from sweeps.errors import nearest
from sweeps.store import Store

ALPHA = 0.05
RESAMPLES = 9999
EXACT = {"acc", "em"}
"""Metrics whose score of one example is whether the answer's text is the reference's."""

Examples = dict[str, dict[str, float]]
"""By task, the score of each example by its id."""


def mark_differences(table: Table, test: str, store: Path, record: Mapping[str, Any]) -> Table:
    """The table with p-values, a mark on each score that differs, and the test named below.

    `test` is one of TESTS. P-values are corrected by Holm's method over the tested rows of a
    column. Raises ReportError for another test.
    """
    if test not in TESTS:
        raise ReportError(f"Unknown test {test!r}. {nearest(test, TESTS)}")
    baseline = next((row for row in table.rows if row.baseline), None)
    if baseline is None:
        return _said(table, f"{TESTS[test]}: not done, no row is the baseline.")
    variants = [i for i, r in enumerate(table.rows) if r.kind == "score" and not r.baseline]
    predictions = _Predictions(Store(store), record.get("stages") or {})
    found: dict[tuple[int, int], float] = {}
    for j, column in enumerate(table.columns):
        given = {
            i: _welch(table.rows[i].scores[j], baseline.scores[j])
            if test == "welch"
            else _bootstrap(column, table.rows[i].scores[j], baseline.scores[j], predictions)
            for i in variants
        }
        tested = {i: p for i, p in given.items() if p is not None}
        corrected = holm(list(tested.values()))
        found |= {(i, j): p for i, p in zip(tested, corrected, strict=True)}
    note = f"Differs from the baseline: {TESTS[test]}, p < {ALPHA}."
    rows = tuple(_marked(row, i, found, note) for i, row in enumerate(table.rows))
    untested = len(variants) * len(table.columns) - len(found)
    said = f"Significance: {TESTS[test]}, corrected by Holm's method within each column."
    if untested:
        said += f" {untested} scores were not tested: {NEEDS[test]}."
    provenance = {**table.provenance, "test": test}
    return _said(replace(table, rows=rows, provenance=provenance), said)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for how many there are (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = highest
    return corrected


TESTS = {
    "welch": "Welch's t test over seeds, two-sided",
    "bootstrap": f"paired bootstrap over examples, two-sided, {RESAMPLES} resamples",
}
NEEDS = {
    "welch": "both rows need two finished seeds or more, and a spread",
    "bootstrap": (
        "both rows need kept predictions of the same examples, with a score for each "
        f"(`correct`, or a column of {' or '.join(METRICS[m] for m in sorted(EXACT))})"
    ),
}


def _welch(score: Score, baseline: Score) -> float | None:
    from scipy.stats import ttest_ind

    samples = [score.samples, baseline.samples]
    if any(len(s) < 2 for s in samples) or all(statistics.pstdev(s) == 0 for s in samples):
        return None
    return float(ttest_ind(*samples, equal_var=False).pvalue)


def _bootstrap(
    column: Column, score: Score, baseline: Score, predictions: _Predictions
) -> float | None:
    import numpy as np
    from scipy.stats import bootstrap

    ours, theirs = predictions.of(column, score), predictions.of(column, baseline)
    if ours is None or theirs is None:
        return None
    differences = []
    for task, examples in ours.items():
        if examples.keys() != theirs[task].keys() or len(examples) < 2:
            return None
        differences.append(np.array([examples[id] - theirs[task][id] for id in examples]))
    if all((difference == 0).all() for difference in differences):
        return 1.0

    def mean_over_tasks(*resampled: Any, axis: int) -> Any:
        return np.mean([np.mean(sample, axis=axis) for sample in resampled], axis=0)

    drawn = bootstrap(
        differences,
        mean_over_tasks,
        n_resamples=RESAMPLES,
        batch=100,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(0),
    ).bootstrap_distribution
    below, above = int((drawn <= 0).sum()), int((drawn >= 0).sum())
    return min(1.0, 2 * (min(below, above) + 1) / (len(drawn) + 1))


class _Predictions:
    """The kept predictions of a sweep's cells, each file read once."""

    def __init__(self, store: Store, stages: Mapping[str, Any]) -> None:
        self.store = store
        self.stages = stages
        self._read: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def of(self, column: Column, score: Score) -> Examples | None:
        """Each example's mean score over the runs; None where a run or an example lacks one."""
        metrics: dict[str, set[str]] = {}
        for group in column.terms:
            for task, metric in group:
                metrics.setdefault(task, set()).add(metric)
        if not score.keys or score.runs < score.asked:
            return None
        found: Examples = {}
        for task, names in metrics.items():
            runs = [
                {str(line.get("id", i)): _example(line, names) for i, line in enumerate(lines)}
                for key in score.keys
                if (lines := self._lines(key).get(task))
            ]
            if not runs or any(run.keys() != runs[0].keys() for run in runs):
                return None
            scores = {id: [run[id] for run in runs] for id in runs[0]}
            if any(value is None for values in scores.values() for value in values):
                return None
            found[task] = {
                id: statistics.fmean(v for v in values if v is not None)
                for id, values in scores.items()
            }
        return found

    def _lines(self, key: str) -> dict[str, list[dict[str, Any]]]:
        if key not in self._read:
            path = self.store.place(self.stages[key]["name"], key) / "predictions.jsonl"
            tasks: dict[str, list[dict[str, Any]]] = {}
            if path.is_file():
                for text in path.read_text(encoding="utf-8").split("\n"):
                    if text:
                        line = json.loads(text)
                        tasks.setdefault(line["task"], []).append(line)
            self._read[key] = tasks
        return self._read[key]


def _example(line: Mapping[str, Any], metrics: set[str]) -> float | None:
    if "correct" in line:
        return float(line["correct"])
    if metrics <= EXACT:
        return float(str(line["prediction"]).strip() == str(line["target"]).strip())
    return None


def _marked(row: Row, i: int, found: Mapping[tuple[int, int], float], note: str) -> Row:
    scores = []
    for j, score in enumerate(row.scores):
        p = found.get((i, j))
        notes = (*score.notes, note) if p is not None and p < ALPHA else score.notes
        scores.append(replace(score, p_value=p, notes=notes))
    return replace(row, scores=tuple(scores))


def _said(table: Table, note: str) -> Table:
    return replace(table, notes=(*table.notes, note))
