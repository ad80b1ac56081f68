"""What the published numbers say of the study's own conclusions, worked out a second way.

Here the numbers come from the CSV files as they lie there, the tests from scipy's summary
statistics and the textbook, Holm's correction from its definition.
"""

from __future__ import annotations

import csv
import math
import re
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from scipy.stats import t as student
from scipy.stats import ttest_ind_from_stats

from reports.commands.published import published_table
from reports.published import find_study
from sweeps.asking.placeholders import strip
from sweeps.asking.sweepfile import read_sweep_file

NUMBERS = (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
"""The tables whose scores all stand in Table 16, with the baseline's ruler."""
METRICS = {
    "GLUE": "glue_average",
    "CNNDM": "cnndm_rouge2",
    "SQuAD": "squad_em",
    "SGLUE": "superglue_average",
    "EnDe": "ende_bleu",
    "EnFr": "enfr_bleu",
    "EnRo": "enro_bleu",
    "MultiRC EM": "multirc_em",
    "ReCoRD EM": "record_em",
}
RUNS = 10
"""Of the baseline; every other row is one run."""


@cache
def lines() -> list[dict[str, str]]:
    path = files("reports.published.t5study") / "table16.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


@cache
def scores(number: int, metric: str) -> dict[str, tuple[float, int]]:
    """By row, the printed score and of how many runs it is."""
    return {
        bare(line["experiment"]): (float(line[metric]), RUNS if line["is_baseline"] == "1" else 1)
        for line in lines()
        if line["table"] == str(number) and "deviation" not in line["experiment"]
    }


def deviation(metric: str) -> float:
    (line,) = [one for one in lines() if one["experiment"] == "Baseline standard deviation"]
    return float(line[metric])


def p_value(one: tuple[float, int], other: tuple[float, int], std: float, margin: float) -> float:
    """Two-sided of a difference; of `~` the larger of two one-sided tests, or of one beyond."""
    (a, n), (b, m) = one, other
    if margin == 0 and n + m > 2:
        # Student's test pools: the row of one run adds nothing to the baseline's variance.
        return float(ttest_ind_from_stats(a, std, n, b, std, m, equal_var=True).pvalue)
    error, freedom = std * math.sqrt(1 / n + 1 / m), RUNS - 1
    if margin == 0:
        return float(2 * student.sf(abs(a - b) / error, freedom))
    if abs(a - b) <= margin:
        below = student.sf((a - b + margin) / error, freedom)
        above = student.cdf((a - b - margin) / error, freedom)
        return float(max(below, above))
    return min(1.0, float(2 * student.sf((abs(a - b) - margin) / error, freedom)))


@cache
def by_hand(number: int) -> dict[tuple[str, str], tuple[float, str]]:
    """Difference and verdict by claim and column."""
    file = read_sweep_file(f"table{number:02}")
    names = {row.label: bare(row.name or strip(row.label)) for row in file.rows}
    baseline = names.get(file.baseline or "")
    tests: list[tuple[float, Any]] = []
    for claim in file.claims:
        for column in claim.columns:
            found = scores(number, METRICS[column])
            if baseline is not None:
                starred = next(score for score in found.values() if score[1] == RUNS)
                found = {baseline: starred, **found}
            a, b = found[names[claim.left]], found[names[claim.right]]
            margin = claim.within or 0.0
            p = p_value(a, b, deviation(METRICS[column]), margin)
            difference = a[0] - b[0]
            if claim.relation == "~":
                holds = abs(difference) <= margin
            else:
                holds = difference > 0 if claim.relation == ">" else difference < 0
            tests.append((p, (claim.that, column, difference, holds)))
    verdicts = {}
    rejecting = True
    for rank, (p, (that, column, difference, holds)) in enumerate(
        sorted(tests, key=lambda x: x[0])
    ):
        rejecting = rejecting and p <= 0.05 / (len(tests) - rank)
        word = ("supported" if holds else "contradicted") if rejecting else "undecided"
        verdicts[strip(that), column] = difference, word
    return verdicts


@cache
def ours(number: int) -> dict[tuple[str, str], tuple[float, str]]:
    claims = published_table(find_study(), str(number)).claims
    assert claims is not None
    return {
        (row.facts["that"], row.facts["column"]): (
            row.facts["published"]["difference"],
            row.facts["published"]["verdict"],
        )
        for row in claims.rows
    }


@pytest.mark.parametrize("number", NUMBERS)
def test_every_published_verdict_a_second_way(number: int) -> None:
    """All claims of a table in all their columns, one family."""
    found, expected = ours(number), by_hand(number)
    assert found.keys() == expected.keys()
    for name, (difference, word) in expected.items():
        assert found[name][1] == word, name
        assert found[name][0] == pytest.approx(difference, abs=0.0051), name


BASE, I_I_D = "Replace corrupted spans", "Baseline (i.i.d.)"


@pytest.mark.parametrize(
    ("number", "that", "column", "difference", "verdict"),
    [
        (1, "Baseline > No pre-training", "GLUE", 17.06, "supported"),
        (1, "Baseline > No pre-training", "EnDe", 1.12, "supported"),
        (1, "Baseline ~ No pre-training", "EnFr", 0.05, "supported"),
        (2, "Enc/dec, denoising > Prefix LM, denoising", "GLUE", 1.46, "supported"),
        (2, "Enc/dec, denoising > Prefix LM, denoising", "EnRo", 0.26, "undecided"),
        (2, "Enc/dec, shared, denoising ~ Enc/dec, denoising", "GLUE", -0.47, "undecided"),
        (2, "Enc/dec, denoising > Enc/dec, 6 layers, denoising", "SQuAD", 3.29, "supported"),
        (2, "Language model, denoising > Language model, LM", "SGLUE", -1.49, "undecided"),
        (5, f"Drop corrupted tokens > {BASE}", "GLUE", 1.16, "supported"),
        (5, f"Drop corrupted tokens < {BASE}", "SGLUE", -2.69, "supported"),
        (5, f"MASS-style (Song et al., 2019) ~ {BASE}", "SGLUE", -2.08, "undecided"),
        (6, "Corruption rate = 50% < Corruption rate = 15%", "GLUE", -2.01, "supported"),
        (6, "Corruption rate = 50% < Corruption rate = 15%", "SQuAD", -1.08, "undecided"),
        (6, "Corruption rate = 50% ~ Corruption rate = 15%", "CNNDM", 0.08, "supported"),
        (7, f"Average span length = 3 > {I_I_D}", "CNNDM", 0.38, "supported"),
        (7, f"Average span length = 3 > {I_I_D}", "SGLUE", 1.17, "undecided"),
        (8, "C4 > C4, unfiltered", "GLUE", 1.82, "supported"),
        (8, "C4 > C4, unfiltered", "CNNDM", 0.10, "undecided"),
        (8, "Wikipedia + TBC > C4", "MultiRC EM", 25.15, "supported"),
        (8, "Wikipedia > C4", "SQuAD", 0.41, "undecided"),
        (9, "2^29 (64 repeats) ~ Full data set", "CNNDM", -0.05, "supported"),
        (10, "Gradual Unfreezing < All parameters", "EnFr", -0.80, "supported"),
        (13, "4 × size, 1 × training steps > Baseline", "SGLUE", 6.68, "supported"),
        (13, "4 × ensembled > 2 × size, 2 × training steps", "EnRo", -0.10, "undecided"),
    ],
)
def test_verdicts_one_by_one(
    number: int, that: str, column: str, difference: float, verdict: str
) -> None:
    """Differences are those of the printed numbers; a verdict that changes is seen."""
    found = ours(number)[that, column]
    assert found == (pytest.approx(difference), verdict)


def test_one_by_hand() -> None:
    """GLUE at 50%: 81.27 - 83.28 = -2.01; 0.235 x sqrt(1.1) = 0.2465; t = 8.155; 9 degrees."""
    p = 2 * student.sf(8.155, 9)
    assert p == pytest.approx(1.9e-5, rel=0.02)
    assert p < 0.05 / 12
    assert ours(6)["Corruption rate = 50% < Corruption rate = 15%", "GLUE"][1] == "supported"


OPEN, HELD, NO = "undecided", "supported", "cannot be judged"


@pytest.mark.parametrize(
    ("table", "verdicts"),
    [
        ("1", [HELD] * 2 + [OPEN] * 7),
        ("2", [OPEN] * 2),
        ("5", [OPEN] * 3 + [HELD] + [OPEN] * 2 + [NO] * 2),
        ("8", [OPEN]),
        ("tying", [OPEN] * 2),
    ],
)
def test_a_cited_deviation_judges_the_average_of_a_table_without_one(
    table: str, verdicts: list[str]
) -> None:
    """ELECTRA's tables by the spread of others' pre-trainings, each in its own average."""
    drawn = published_table(find_study("electra"), table)
    assert drawn.claims is not None
    found = [row.facts for row in drawn.claims.rows]
    assert [one["published"]["verdict"] for one in found] == verdicts
    assert {one["column"] for one in found} == {"average"}
    assert any("14 pre-trainings of a small model by others" in note for note in drawn.claims.notes)


def test_a_cited_deviation_by_hand() -> None:
    """79.9 against 75.1, one run each, a deviation of 0.57 from 14 runs."""
    drawn = published_table(find_study("electra"), "1")
    assert drawn.claims is not None
    facts = drawn.claims.rows[0].facts["published"]
    half = student.ppf(0.975, 13) * 0.57 * math.sqrt(2)
    assert facts["difference"] == pytest.approx(4.8)
    assert facts["interval"] == pytest.approx([4.8 - half, 4.8 + half])
