"""Verdicts on made scores, beside what scipy and statsmodels say of the same numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from scipy.stats import ttest_ind
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_ind

from sweeps.claims.evidence import Evidence, Sample
from sweeps.claims.statement import Ruler, read_claims
from sweeps.claims.verdicts import Verdict, judge
from sweeps.columns import Column

SCORE = Column(name="score", terms=((("task", "acc"),),), average=True)
RULER = Ruler(deviation=0.5, runs=5, source="the baseline's 5 runs")
A, B, C = [81.2, 80.9, 81.6, 81.1], [79.8, 80.2, 79.5, 80.0], [80.1, 79.4, 80.3, 79.7]


def verdicts(
    rows: Mapping[str, Sequence[float] | Sample],
    *claims: str | dict[str, object],
    ruler: Ruler | None = None,
    column: Column = SCORE,
) -> list[Verdict]:
    samples = {
        (row, column.name): one if isinstance(one, Sample) else Sample.of(one)
        for row, one in rows.items()
    }
    names = {row: row for row in ("A", "B", "C")}
    read, complaints = read_claims(list(claims), names)
    assert complaints == []
    rulers = {column.name: ruler} if ruler else {}
    return judge(read, [column], Evidence(samples=samples, rulers=rulers))


def test_welch_is_scipys() -> None:
    """The p-value, the interval and the difference of two rows of as many runs."""
    (found,) = verdicts({"A": A, "B": B}, "A > B")
    welch = ttest_ind(A, B, equal_var=False)
    assert found.p_value == pytest.approx(welch.pvalue)
    assert found.interval == pytest.approx(tuple(welch.confidence_interval(0.95)))
    assert found.difference == pytest.approx(sum(A) / 4 - sum(B) / 4)
    assert found.verdict == "supported"


def test_two_one_sided_tests_are_statsmodels() -> None:
    """`~` at a margin of 1 point."""
    (found,) = verdicts({"B": B, "C": C}, {"that": "B ~ C", "within": 1.0})
    assert found.p_value == pytest.approx(ttost_ind(B, C, -1.0, 1.0, usevar="unequal")[0])


def test_holm_is_statsmodels() -> None:
    """Which of three claims hold, at a level where the correction matters."""
    D = [80.6, 80.1, 80.9, 80.2]  # noqa: N806
    found = verdicts({"A": A, "B": B, "C": D}, "A > B", "A > C", "C > B")
    p_values = [one.p_value for one in found]
    wanted = multipletests(p_values, alpha=0.05, method="holm")[0]
    assert [one.verdict == "supported" for one in found] == list(wanted)
    assert 0 < sum(wanted) < 3


def test_one_run_is_judged_by_the_ruler() -> None:
    """t = 1.5 / (0.5 sqrt(1/5 + 1)) with 4 degrees of freedom, worked out by hand: 2.739."""
    rows = {"A": [81.5], "B": Sample(mean=80.0, deviation=0.5, runs=5, asked=5)}
    (found,) = verdicts(rows, "A > B", ruler=RULER)
    assert found.p_value == pytest.approx(0.0520, abs=1e-4)
    assert found.verdict == "undecided"
    assert "by the deviation 0.5 of the baseline's 5 runs" in str(found.method)
    assert found.seeds_needed == 4


def test_where_lower_is_better() -> None:
    """`A > B` claims that A is better: a positive difference, whatever the numbers."""
    column = replace(SCORE, lower_is_better=True)
    (found,) = verdicts({"A": B, "B": A}, "A > B", column=column)
    assert found.verdict == "supported"
    assert found.difference is not None
    assert found.difference > 0
    (found,) = verdicts({"A": B, "B": A}, "A < B", column=column)
    assert found.verdict == "contradicted"


@pytest.mark.parametrize(
    ("rows", "ruler", "reason"),
    [
        ({"A": A}, RULER, "B is not there yet."),
        ({"A": A, "B": Sample.of([], asked=3)}, RULER, "B has no score."),
        (
            {"A": A, "B": Sample.of(B[:2], asked=3, diverged=1)},
            RULER,
            "1 of 3 runs of B diverged; a mean over the others would leave that out.",
        ),
        (
            {"A": A, "B": [80.0]},
            None,
            "B has 1 run, and no deviation is known that could stand for theirs: give the "
            "baseline, or these rows, two seeds or more.",
        ),
        (
            {"A": [81.0, 81.0], "B": [80.0, 80.0]},
            RULER,
            "All 2 runs of A have one score, and all 2 of B: nothing says how much chance there "
            "is.",
        ),
        (
            {"A": [81.0], "B": [80.0]},
            replace(RULER, deviation=0.0),
            "A has 1 run and B has 1 run, and the baseline's 5 runs have one score: nothing says "
            "how much chance there is.",
        ),
    ],
)
def test_what_cannot_be_judged(
    rows: Mapping[str, Sequence[float]], ruler: Ruler | None, reason: str
) -> None:
    """A hole, a diverged run, no ruler, no spread: each with its own sentence."""
    (found,) = verdicts(rows, "A > B", ruler=ruler)
    assert found.verdict == "cannot be judged"
    assert found.reason == reason
    assert found.difference is None


def test_a_tie_is_undecided() -> None:
    """Equal means with a spread: no number of seeds would show the difference seen."""
    (found,) = verdicts({"A": B, "B": B}, "A > B")
    assert (found.verdict, found.difference, found.seeds_needed) == ("undecided", 0.0, None)


def test_a_hole_among_the_seeds_is_said() -> None:
    """What is there is judged, and the sentence says that a run is missing."""
    (found,) = verdicts({"A": A, "B": Sample.of(B[:3], asked=4)}, "A > B")
    assert found.verdict == "supported"
    assert "Of B, 3 of 4 runs have a score." in str(found.method)


def test_few_runs_get_no_more_degrees_of_freedom_than_they_have() -> None:
    """Ten runs beside two that lie close together: Welch's own test would call it sure."""
    many = [80.0, 81.0, 79.0, 80.5, 79.5, 80.2, 79.8, 80.9, 79.1, 80.0]
    (found,) = verdicts({"A": [81.0, 81.1], "B": many}, "A > B")
    assert ttest_ind([81.0, 81.1], many, equal_var=False).pvalue < 0.05
    assert found.p_value is not None
    assert found.p_value > ttest_ind([81.0, 81.1], many, equal_var=False).pvalue


def test_beyond_the_margin_contradicts() -> None:
    """`~` of rows that differ by more."""
    (found,) = verdicts({"A": A, "B": B}, {"that": "A ~ B", "within": 0.2})
    assert found.verdict == "contradicted"
    assert found.interval is not None
    assert math.isfinite(found.interval[0])
