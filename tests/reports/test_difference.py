"""Welch's test and the paired bootstrap mark what differs, and say what they could not test."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from reports.errors import ReportError
from reports.reading.collect import collect
from reports.render import render
from reports.statistics.difference import holm, mark_differences
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
    assert "1 score was not tested" in table.notes[-1]


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


def test_bootstrap_of_several_trainings(builder: Any) -> None:
    """The median over members is computed again over each draw, not that of the middle one."""
    builder.column("Mood", ["mood.acc"])
    (base,) = builder.row("base", mood(50.0), baseline=True)
    (better,) = builder.row("better", mood(72.5))
    builder.record()
    answers(builder.path / "evaluate" / base, [1] * 20 + [0] * 20)
    rights = [[1] * 28 + [0] * 12, [1] * 10 + [0] * 30, [0] * 3 + [1] * 32 + [0] * 5]
    rights.append([0] * 10 + [1] * 30)
    lines = [
        {
            "task": "mood",
            "id": i,
            "target": "yes",
            "prediction": "",
            "parts": {"acc": {"mean": [100.0 * of[0], 1]}},
            "members": [{"acc": {"mean": [100.0 * one, 1]}} for one in of],
            "summary": "median",
        }
        for i, of in enumerate(zip(*rights, strict=True))
    ]
    file = builder.path / "evaluate" / better / "predictions.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    table = marked(builder, "bootstrap")
    assert table.rows[1].scores[0].p_value is not None
    assert table.rows[1].scores[0].p_value < 0.1
    file.write_text(file.read_text().replace('"median"', '"mean"'))
    assert marked(builder, "bootstrap").rows[1].scores[0].p_value is None
    file.write_text(file.read_text().replace('"mean"}', '"mode"}'))
    assert "do not say what each example adds" in marked(builder, "bootstrap").notes[-1]


def f1_parts(path: Path, counts: list[list[int]], **more: Any) -> None:
    """Kept lines of an F1 over classes: true positives, false positives, false negatives."""
    lines = [
        {"task": "mood", "id": i, "target": "yes", "prediction": "", "parts": {"f1": {"f1": one}}}
        | more
        for i, one in enumerate(counts)
    ]
    (path / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def f1_rows(builder: Any, *values: float) -> list[Path]:
    """A row for each score, the first the baseline; the folders of their evaluations."""
    builder.column("Mood", ["mood.f1"])
    keys = [
        builder.row(f"row {i}", [{"mood": {"f1": value}}], baseline=i == 0)[0]
        for i, value in enumerate(values)
    ]
    return [builder.path / "evaluate" / key for key in keys]


def test_bootstrap_of_a_score_that_is_no_mean(builder: Any) -> None:
    """F1 is computed anew for each draw of examples: counts add up, scores do not."""
    hit, alarm, miss = [1, 0, 0], [0, 1, 0], [0, 0, 1]
    base, better, same = f1_rows(builder, 50.0, 75.0, 50.0)
    f1_parts(base, [hit] * 20 + [alarm] * 20 + [miss] * 20)
    f1_parts(better, [hit] * 30 + [alarm] * 10 + [miss] * 10 + [[0, 0, 0]] * 10)
    f1_parts(same, [hit] * 20 + [miss] * 20 + [alarm] * 20)
    table = marked(builder, "bootstrap")
    p = [row.scores[0].p_value for row in table.rows]
    assert p[1] is not None
    assert p[1] < 0.01
    assert p[2] == 1.0
    assert "not tested" not in table.notes[-1]


def test_bootstrap_counts_examples_without_parts_with_their_group(builder: Any) -> None:
    """A group of three answers is one draw: two groups are too few to tell rows apart."""
    base, better = f1_rows(builder, 0.0, 100.0)
    f1_parts(base, [[0, 3, 3], [0, 3, 3]])
    f1_parts(better, [[3, 0, 0], [3, 0, 0]])
    for path in (base, better):
        text = (path / "predictions.jsonl").read_text()
        rest = {"task": "mood", "id": 9, "target": "no", "prediction": "", "parts": {}}
        (path / "predictions.jsonl").write_text(text + json.dumps(rest) + "\n")
    found = marked(builder, "bootstrap").rows[1].scores[0].p_value
    assert found == pytest.approx(2 / 10_000)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"target": "other"}, "the rows' examples are not the same"),
        ({"parts": {}}, "do not say what each example adds"),
        ({"parts": {"f1": {"magic": [1]}}}, "do not say what each example adds"),
        ({"parts": {"f1": {"f1": [1, 0, 1]}}}, "the kept predictions do not give the score"),
    ],
)
def test_bootstrap_says_why_it_does_not_test(
    builder: Any, change: dict[str, Any], why: str
) -> None:
    """What was kept must be of the same examples, and give the score that the table shows."""
    base, other = f1_rows(builder, 100.0, 100.0)
    f1_parts(base, [[1, 0, 0]] * 4)
    f1_parts(other, [[1, 0, 0]] * 4, **change)
    table = marked(builder, "bootstrap")
    assert table.rows[1].scores[0].p_value is None
    assert "1 score was not tested: " in table.notes[-1]
    assert why in table.notes[-1]


def test_bootstrap_averages_runs_and_tasks(builder: Any) -> None:
    """A column of two tasks, one of them of two runs: each draw's mean is over runs, then tasks."""
    builder.column("Both", ["mood.acc"], ["pairs.acc"])
    rows = [
        builder.row("base", [{"mood": {"acc": 50.0}, "pairs": {"acc": 50.0}}], baseline=True),
        builder.row("other", [{"mood": {"acc": m}, "pairs": {"acc": 75.0}} for m in (50.0, 70.0)]),
    ]
    right = {rows[0][0]: (10, 10), rows[1][0]: (10, 15), rows[1][1]: (14, 15)}
    for key, numbers in right.items():
        lines = [
            {"task": task, "id": i, "target": "a", "parts": {"acc": {"mean": [100 * (i < n), 1]}}}
            for task, n in zip(("mood", "pairs"), numbers, strict=True)
            for i in range(20)
        ]
        path = builder.path / "evaluate" / key / "predictions.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = marked(builder, "bootstrap").rows[1].scores[0].p_value
    assert found is not None
    assert 0.0001 < found < 0.05


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


def test_what_a_test_found_is_in_every_format(builder: Any) -> None:
    """Interval and p-value of a row that was tested: drawn as rows, or beside the score."""
    builder.column("Mood", ["mood.acc"])
    base, far = (70.0, 71.0, 72.0), (74.0, 75.5, 76.0)
    builder.row("base", mood(*base), baseline=True)
    builder.row("far", mood(*far))
    builder.row("single", mood(70.5))
    table = marked(builder, "welch")
    expected = ttest_ind(far, base, equal_var=False)
    low, high = expected.confidence_interval(0.95)
    shown = f"+{low:.2f} to +{high:.2f}"
    for format in ("markdown", "latex", "html"):
        text = render(table, format)
        assert shown in text
        assert "far: difference" in text
        assert f"{expected.pvalue:.3f}" in text
        assert "single: difference" not in text
    rows = json.loads(render(table, "json"))["rows"]
    assert rows[1]["p_values"] == [pytest.approx(expected.pvalue)]
    assert rows[1]["intervals"] == [pytest.approx([low, high])]
    assert "intervals" not in rows[2]
    frame = pandas.read_csv(io.StringIO(render(table, "csv")), comment="#")
    assert list(frame["row"]) == ["base", "far", "single", "Baseline standard deviation"]
    assert frame["Mood p"][1] == pytest.approx(expected.pvalue)
    assert (frame["Mood low"][1], frame["Mood high"][1]) == pytest.approx((low, high))
    assert frame["Mood p"].isna().tolist() == [True, False, True, True]


def test_a_test_says_what_it_cannot_know(builder: Any) -> None:
    """Stages that the runs of a row share, how few the runs are; of a bootstrap, other seeds."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(70.0, 71.0), baseline=True)
    builder.row("far", mood(80.0, 81.5))
    shared = builder.stage("corpus", builder.key("corpus"))
    for row in builder.rows:
        for cell in row["cells"]:
            cell["stages"].append(shared)
    note = marked(builder, "welch").notes[-1]
    assert "from 2 runs a row it sees large differences alone" in note
    assert "the runs of a row share corpus, and what another one" in note


def test_a_bootstrap_has_an_interval_and_knows_no_seeds(builder: Any) -> None:
    """A quarter of the examples more are right: the interval lies around 25 points."""
    builder.column("Mood", ["mood.acc"])
    (base,) = builder.row("base", mood(50.0), baseline=True)
    (better,) = builder.row("better", mood(75.0))
    builder.record()
    answers(builder.path / "evaluate" / base, [1] * 20 + [0] * 20)
    answers(builder.path / "evaluate" / better, [1] * 30 + [0] * 10)
    table = marked(builder, "bootstrap")
    low, high = table.rows[1].scores[0].interval or (0.0, 0.0)
    assert 5 < low < 20 < 30 < high < 45
    assert "what other seeds or another pre-training would change" in table.notes[-1]
