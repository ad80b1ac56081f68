"""Welch's test and the paired bootstrap mark what differs, and say what they could not test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from reports.collect import collect
from reports.difference import holm, mark_differences
from reports.errors import ReportError
from reports.table import Table


def marked(builder: Any, test: str) -> Table:
    store = builder.record()
    record = json.loads((store / "sweeps/toy.json").read_text())
    return mark_differences(collect(store, "toy"), test, store, record)


def mood(*values: float) -> list[dict[str, dict[str, float]]]:
    return [{"mood": {"acc": value}} for value in values]


def answers(path: Path, right: list[int]) -> None:
    lines = [
        {"task": "mood", "id": i, "target": "yes", "prediction": "yes" if r else "no"}
        for i, r in enumerate(right)
    ]
    (path / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_holm_by_hand() -> None:
    """Three p-values, corrected with pencil and paper; the order given is kept."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(given_p: list[float]) -> None:
    """Corrected values lie between the given ones and 1, in the same order."""
    corrected = holm(given_p)
    assert all(p <= c <= 1 for p, c in zip(given_p, corrected, strict=True))
    pairs = sorted(zip(given_p, corrected, strict=True))
    assert [c for _, c in pairs] == sorted(corrected)


def test_welch_marks_what_differs(builder: Any) -> None:
    """The p-value is scipy's times the two rows tested; only the far row is marked."""
    builder.column("Mood", ["mood.acc"])
    base, far, near = (70.0, 71.0, 72.0), (80.0, 81.5, 82.0), (70.5, 71.5, 72.5)
    builder.row("base", mood(*base), baseline=True)
    builder.row("far", mood(*far))
    builder.row("near", mood(*near))
    table = marked(builder, "welch")
    expected = 2 * ttest_ind(far, base, equal_var=False).pvalue
    assert table.rows[1].scores[0].p_value == pytest.approx(expected)
    assert ["Welch" in "".join(row.scores[0].notes) for row in table.rows] == [False, True, False]
    assert "Welch's t test" in table.notes[-1]
    assert "Holm" in table.notes[-1]


def test_welch_says_what_it_could_not_test(builder: Any) -> None:
    """A row of one seed has no p-value, and the count is below the table."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(70.0, 71.0), baseline=True)
    builder.row("single", mood(90.0))
    table = marked(builder, "welch")
    assert table.rows[1].scores[0].p_value is None
    assert "1 scores were not tested" in table.notes[-1]


def test_bootstrap_pairs_examples(builder: Any) -> None:
    """Ten more right answers of forty differ; the same number of others does not."""
    builder.column("Mood", ["mood.acc"])
    (base,) = builder.row("base", mood(50.0), baseline=True)
    (better,) = builder.row("better", mood(75.0))
    (other,) = builder.row("other", mood(50.0))
    builder.record()
    half = [1] * 20 + [0] * 20
    answers(builder.path / "evaluate" / base, half)
    answers(builder.path / "evaluate" / better, [1] * 30 + [0] * 10)
    answers(builder.path / "evaluate" / other, [1] * 15 + [0] * 10 + [1] * 5 + [0] * 10)
    table = marked(builder, "bootstrap")
    p = [row.scores[0].p_value for row in table.rows]
    assert p[0] is None
    assert p[1] is not None
    assert p[1] < 0.01
    assert p[2] == 1.0
    assert "9999 resamples" in table.notes[-1]


def test_bootstrap_needs_predictions(builder: Any) -> None:
    """Without kept predictions nothing is tested, and that is said."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(50.0), baseline=True)
    builder.row("other", mood(75.0))
    table = marked(builder, "bootstrap")
    assert table.rows[1].scores[0].p_value is None
    assert "kept predictions" in table.notes[-1]


def test_no_baseline_is_no_test(builder: Any) -> None:
    """Without a baseline there is nothing to differ from."""
    builder.column("Mood", ["mood.acc"])
    builder.row("one", mood(50.0, 51.0))
    assert "no row is the baseline" in marked(builder, "welch").notes[-1]


def test_unknown_test_names_the_nearest(builder: Any) -> None:
    """A misspelled test is answered with the known ones."""
    builder.column("Mood", ["mood.acc"])
    builder.row("one", mood(50.0))
    with pytest.raises(ReportError, match="Did you mean 'welch'"):
        marked(builder, "welsh")
