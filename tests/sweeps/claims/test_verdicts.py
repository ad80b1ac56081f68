"""Verdicts on made scores, beside what scipy and statsmodels say of the same numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import mean, variance

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import t as student
from scipy.stats import ttest_ind
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_ind

from sweeps.claims import power
from sweeps.claims.columns import column_called
from sweeps.claims.evidence import Evidence, Sample
from sweeps.claims.statement import Ruler, read_claims
from sweeps.claims.verdicts import Verdict, judge
from sweeps.columns import COST, Column

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
    names = {row: row for row in "ABCD"}
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


def test_a_difference_of_differences_is_welchs_over_four_rows() -> None:
    """Rows of one score each time shift the others alone: scipy's test of those two."""
    less = {"B": [1.0] * 4, "D": [2.0] * 4}
    (found,) = verdicts({"A": A, "C": C, **less}, "(A - B) > (C - D)")
    shifted = ttest_ind([a - 1 for a in A], [c - 2 for c in C], equal_var=False)
    assert found.p_value == pytest.approx(shifted.pvalue)
    assert found.interval == pytest.approx(tuple(shifted.confidence_interval(0.95)))
    assert found.method == "Welch's t test over 4, 4, 4 and 4 runs."
    assert found.reason.startswith("(A - B) is larger: p = ")


def test_errors_of_four_rows_add() -> None:
    """By the definition of Welch and Satterthwaite; a row on both sides counts twice."""
    rows = {"A": [4.0, 5.0, 6.0], "B": [1.0, 2.0, 4.0], "C": [3.0, 3.5, 4.5], "D": [1.0, 3.0, 4.0]}
    for claim, weights in (
        ("(A - B) > (C - D)", {"A": 1, "B": -1, "C": -1, "D": 1}),
        ("(A - B) > (B - C)", {"A": 1, "B": -2, "C": 1}),
    ):
        parts = [w**2 * variance(rows[row]) / 3 for row, w in weights.items()]
        freedom = sum(parts) ** 2 / sum(part**2 / 2 for part in parts)
        value = sum(w * mean(rows[row]) for row, w in weights.items())
        (found,) = verdicts(rows, claim)
        assert found.difference == pytest.approx(value)
        assert found.p_value == pytest.approx(
            2 * student.sf(abs(value) / sum(parts) ** 0.5, freedom)
        )


def test_a_gain_where_lower_is_better() -> None:
    """A's gain over B is what its loss is lower by; the larger gain is the better side."""
    column = replace(SCORE, lower_is_better=True)
    rows = {"A": [1.0, 1.1], "B": [5.0, 5.1], "C": [3.0, 3.1], "D": [4.0, 4.1]}
    (found,) = verdicts(rows, "(A - B) > (C - D)", column=column)
    assert found.verdict == "supported"
    assert found.difference == pytest.approx(3.0)


def test_gains_of_single_runs_are_judged_by_the_ruler() -> None:
    """1.9 of four runs with 0.57 each: t = 1.9 / 1.14 with 13 degrees of freedom, p = 0.1195."""
    rows = {"A": [79.9], "B": [75.1], "C": [85.1], "D": [82.2]}
    ruler = Ruler(deviation=0.57, runs=14, source="others")
    (found,) = verdicts(rows, "(A - B) > (C - D)", ruler=ruler)
    assert found.difference == pytest.approx(1.9)
    assert found.p_value == pytest.approx(0.1195, abs=1e-4)
    assert found.seeds_needed is not None
    seeds = [n for n in range(2, 20) if power_of_gains(1.9, 0.57, n) >= 0.8]
    assert found.seeds_needed == seeds[0]
    assert "t test of 1, 1, 1 and 1 runs by the deviation 0.57 of others" in str(found.method)


def power_of_gains(size: float, deviation: float, seeds: int) -> float:
    """How often 4,000 studies of four rows show this difference of gains."""
    rng = np.random.default_rng(seeds)
    scores = rng.normal(0, deviation, (4_000, 4, seeds))
    parts = scores.var(axis=2, ddof=1) / seeds
    freedom = parts.sum(axis=1) ** 2 / (parts**2 / (seeds - 1)).sum(axis=1)
    value = size + scores.mean(axis=2) @ [1, -1, -1, 1]
    return float((value > student.isf(0.025, freedom) * parts.sum(axis=1) ** 0.5).mean())


def test_what_is_counted_is_decided_by_one_run_each() -> None:
    """Less is better; equal counts contradict that one is; none takes of the others' level."""
    rows = {"A": [2e12], "B": [3e12], "C": [3e12]}
    claims: list[dict[str, object]] = [
        {"that": "A > B"},
        {"that": "B > A"},
        {"that": "B > C"},
        {"that": "A ~ B", "within": 2e12},
        {"that": "A ~ B", "within": 5e11},
    ]
    for claim, verdict, difference, reason in zip(
        claims,
        ["supported", "contradicted", "contradicted", "supported", "contradicted"],
        [1e12, -1e12, 0.0, 1e12, 1e12],
        [
            "A is better: counted, not estimated.",
            "A is better: counted, not estimated.",
            "Both are equal: counted, not estimated.",
            "The rows differ by less than 2e+12: counted, not estimated.",
            "The rows differ by more than 5e+11: counted, not estimated.",
        ],
        strict=True,
    ):
        (found,) = verdicts(rows, {**claim, "columns": ["FLOPs"]}, column=COST)
        assert (found.verdict, found.difference, found.reason) == (verdict, difference, reason)
        assert (found.interval, found.detectable, found.seeds_needed) == (None, None, None)


def test_counted_claims_leave_the_level_to_scores() -> None:
    """An open claim of a score has the bound that it has alone."""
    read, _ = read_claims(
        ["A > B", {"that": "A > B", "columns": ["FLOPs"]}], {row: row for row in "AB"}
    )
    samples = {("A", "score"): Sample.of(B), ("B", "score"): Sample.of(C)}
    costs = {(row, "FLOPs"): Sample.of([1e12] * 4) for row in "AB"}
    score, cost = judge(read, [SCORE], Evidence(samples={**samples, **costs}))
    assert (score.verdict, score.bound) == ("undecided", pytest.approx(0.05))
    assert cost.verdict == "contradicted"


def test_a_column_of_ours_called_flops_is_meant_first() -> None:
    """What a suite scores under that name is no count."""
    own = replace(SCORE, name="FLOPs")
    assert column_called("FLOPs", [own]) is own
    assert column_called("FLOPs", [SCORE]) is COST


@given(
    freedom=st.integers(1, 30),
    level=st.floats(1e-9, 0.2),
    equal=st.booleans(),
)
@example(freedom=1, level=1e-9, equal=False)
def test_what_is_detectable_has_the_power_that_is_promised(
    freedom: int, level: float, equal: bool
) -> None:
    """To a millionth of a standard error: scipy's root of the same chance."""
    bars = power._of_ruler(float(freedom), level if equal else level / 2)
    chance = partial(power._within, 0.0) if equal else power._beyond

    def lacking(size: float) -> float:
        return chance(size, bars) - power.POWER

    found = power._in_errors(float(freedom), (), (), level, equal)
    highest = 2 * found + 1
    assert found == pytest.approx(brentq(lacking, 0.0, highest, xtol=1e-9), abs=2e-6, rel=1e-9)
