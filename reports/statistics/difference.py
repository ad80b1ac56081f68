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
from reports.statistics.bootstrap import RESAMPLES, Predictions, UntestableError, paired_bootstrap
from reports.table import Row, Score, Table
from sweeps.errors import nearest
from sweeps.store import Store

ALPHA = 0.05


def mark_differences(table: Table, test: str, store: Path, record: Mapping[str, Any]) -> Table:
    """The table with p-values, a mark on each score that differs, and the test named below.

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
    found: dict[tuple[int, int], float] = {}
    untested: Counter[str] = Counter()
    for j, column in enumerate(table.columns):
        tested: dict[int, float] = {}
        for i in variants:
            pair = table.rows[i].scores[j], baseline.scores[j]
            try:
                if test == "welch":
                    tested[i] = _welch(*pair)
                else:
                    tested[i] = paired_bootstrap(column, *pair, predictions)
            except UntestableError as why:
                untested[str(why)] += 1
        corrected = holm(list(tested.values()))
        found |= {(i, j): p for i, p in zip(tested, corrected, strict=True)}
    note = f"Differs from the baseline: {TESTS[test]}, p < {ALPHA}."
    rows = tuple(_marked(row, i, found, note) for i, row in enumerate(table.rows))
    summary = f"Significance: {TESTS[test]}, corrected by Holm's method within each column."
    if untested:
        reasons = "; ".join(f"{text} ({count})" for text, count in sorted(untested.items()))
        number = untested.total()
        summary += f" {number} score{'s were' if number > 1 else ' was'} not tested: {reasons}."
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


def _welch(score: Score, baseline: Score) -> float:
    from scipy.stats import ttest_ind

    samples = [score.samples, baseline.samples]
    if any(len(s) < 2 for s in samples):
        raise UntestableError("both rows need two finished seeds or more")
    if all(statistics.pstdev(s) == 0 for s in samples):
        raise UntestableError("no row has a spread")
    return float(ttest_ind(*samples, equal_var=False).pvalue)


def _marked(row: Row, i: int, found: Mapping[tuple[int, int], float], note: str) -> Row:
    scores = []
    for j, score in enumerate(row.scores):
        p = found.get((i, j))
        notes = (*score.notes, note) if p is not None and p < ALPHA else score.notes
        scores.append(replace(score, p_value=p, notes=notes))
    return replace(row, scores=tuple(scores))


def _with_note(table: Table, note: str) -> Table:
    return replace(table, notes=(*table.notes, note))
