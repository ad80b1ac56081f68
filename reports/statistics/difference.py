"""Whether a row differs from the baseline, beyond the rule of bold: Welch's test, paired bootstrap.

Both take the scores of a table as they are and mark the ones whose difference is significant.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reports.errors import ReportError
from reports.statistics.bootstrap import (
    RESAMPLES,
    Difference,
    Predictions,
    UntestableError,
    paired_bootstrap,
)
from reports.table import Row, Score, Table
from sweeps.errors import nearest
from sweeps.store import Store

ALPHA = 0.05
CONFIDENCE = 1 - ALPHA
FEW = 5
"""Runs of a row below which a test over seeds sees large differences alone."""


def mark_differences(table: Table, test: str, store: Path, record: Mapping[str, Any]) -> Table:
    """The table with p-values and intervals, a mark on each score that differs, and below it the
    test, with what it cannot know.

    `test` is one of TESTS. P-values are corrected by Holm's method over the tested rows of a
    column. Raises ReportError for another test.
    """
    if test not in TESTS:
        raise ReportError(f"Unknown test {test!r}. {nearest(test, TESTS)}")
    baseline = next((row for row in table.rows if row.baseline), None)
    if baseline is None:
        return _with_note(table, f"{TESTS[test]}: not done, no row is the baseline.")
    variants = [i for i, r in enumerate(table.rows) if r.kind == "score" and not r.baseline]
    predictions = Predictions(Store(store), record.get("stages") or {})
    found: dict[tuple[int, int], Difference] = {}
    untested: Counter[str] = Counter()
    for j, column in enumerate(table.columns):
        tested: dict[int, Difference] = {}
        for i in variants:
            pair = table.rows[i].scores[j], baseline.scores[j]
            try:
                if test == "welch":
                    tested[i] = _welch(*pair)
                else:
                    tested[i] = paired_bootstrap(column, *pair, predictions)
            except UntestableError as why:
                untested[str(why)] += 1
        corrected = holm([one.p_value for one in tested.values()])
        found |= {
            (i, j): replace(one, p_value=p)
            for (i, one), p in zip(tested.items(), corrected, strict=True)
        }
    note = f"Differs from the baseline: {TESTS[test]}, p < {ALPHA}."
    rows = tuple(_marked(row, i, found, note) for i, row in enumerate(table.rows))
    summary = (
        f"Significance: {TESTS[test]}, corrected by Holm's method within each column; intervals "
        "have 95% confidence for each difference alone, uncorrected."
    )
    if untested:
        reasons = "; ".join(f"{text} ({count})" for text, count in sorted(untested.items()))
        number = untested.total()
        summary += f" {number} score{'s were' if number > 1 else ' was'} not tested: {reasons}."
    if found:
        tested_rows = [baseline, *(table.rows[i] for i in sorted({i for i, _ in found}))]
        summary += f" {LIMITS[test](tested_rows, record)}"
    provenance = {**table.provenance, "test": test}
    return _with_note(replace(table, rows=rows, provenance=provenance), summary)


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


def _limits_of_welch(rows: Sequence[Row], record: Mapping[str, Any]) -> str:
    """What Welch's test of these rows cannot know."""
    runs = sorted({score.runs for row in rows for score in row.scores if score.runs > 1})
    counted = f"{runs[0]} to {runs[-1]}" if runs[1:] else str(runs[0])
    shared = _shared(rows, record)
    parts = [f"from {counted} runs a row it sees large differences alone"] if runs[0] < FEW else []
    if shared:
        parts.append(
            f"the runs of a row share {shared}, and what another one of these would change is in "
            "no spread"
        )
    return f"What the test cannot know: {'; '.join([*parts, 'it takes scores for normal'])}."


def _limits_of_bootstrap(rows: Sequence[Row], record: Mapping[str, Any]) -> str:
    """What a bootstrap over examples cannot know."""
    return (
        "What the test cannot know: what other seeds or another pre-training would change; it "
        "draws other test examples alone."
    )


def _shared(rows: Sequence[Row], record: Mapping[str, Any]) -> str:
    """The names of the stages that all runs of a row share, in the order of work."""
    labels = {row.label for row in rows}
    stages = record.get("stages") or {}
    common: set[str] = set()
    for row in record.get("rows") or []:
        cells = [{*cell["stages"]} for cell in row["cells"]]
        if row["label"] in labels and len(cells) > 1:
            common |= set.intersection(*cells)
    names = list(dict.fromkeys(stage["name"] for key, stage in stages.items() if key in common))
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


LIMITS = {"welch": _limits_of_welch, "bootstrap": _limits_of_bootstrap}


def _welch(score: Score, baseline: Score) -> Difference:
    from scipy.stats import ttest_ind

    samples = [score.samples, baseline.samples]
    if any(len(s) < 2 for s in samples):
        raise UntestableError("both rows need two finished seeds or more")
    if all(statistics.pstdev(s) == 0 for s in samples):
        raise UntestableError("no row has a spread")
    found = ttest_ind(*samples, equal_var=False)
    low, high = found.confidence_interval(CONFIDENCE)
    return Difference(p_value=float(found.pvalue), low=float(low), high=float(high))


def _marked(row: Row, i: int, found: Mapping[tuple[int, int], Difference], note: str) -> Row:
    scores = []
    for j, score in enumerate(row.scores):
        if one := found.get((i, j)):
            notes = (*score.notes, note) if one.p_value < ALPHA else score.notes
            ends = one.low, one.high
            score = replace(score, p_value=one.p_value, interval=ends, notes=notes)
        scores.append(score)
    return replace(row, scores=tuple(scores))


def _with_note(table: Table, note: str) -> Table:
    return replace(table, notes=(*table.notes, note))
