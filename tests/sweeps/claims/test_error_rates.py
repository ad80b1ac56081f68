"""How often verdicts are false, and how often they come, over many simulated studies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from sweeps.claims.evidence import Difference, Evidence, Sample, welch_freedom
from sweeps.claims.power import detectable, seeds_needed
from sweeps.claims.statement import Claim, Ruler, read_claims
from sweeps.claims.verdicts import CONTRADICTED, SUPPORTED, Word, _Family
from sweeps.columns import Column

STUDIES = 2000
LEVEL = 0.05
SCORE = Column(name="score", terms=((("task", "acc"),),))
ROWS = "ABCD"
HIGHEST = LEVEL + 2 * math.sqrt(LEVEL * (1 - LEVEL) / STUDIES)
"""A share of false verdicts that chance alone hardly exceeds, where the level is kept."""


def claimed(*that: str, within: float | None = None) -> tuple[Claim, ...]:
    entries = [
        {"that": one} | ({"within": within} if within and "~" in one else {}) for one in that
    ]
    claims, complaints = read_claims(entries, {row: row for row in ROWS})
    assert complaints == []
    return claims


class Scores:
    """One study's scores, with the mean and the deviation of every number of first runs."""

    def __init__(self, scores: np.ndarray) -> None:
        counts = np.arange(1, scores.shape[1] + 1)
        centred = scores - scores[:, :1]
        sums, squares = centred.cumsum(axis=1), (centred**2).cumsum(axis=1)
        self._means = scores[:, :1] + sums / counts
        with np.errstate(divide="ignore", invalid="ignore"):
            self._deviations = np.sqrt((squares - sums**2 / counts) / (counts - 1))

    def evidence(self, runs: Sequence[int]) -> Evidence:
        """Of the first runs of each row; the first row is the baseline."""
        samples = {
            (row, SCORE.name): Sample(
                mean=float(self._means[at, count - 1]),
                deviation=float(self._deviations[at, count - 1]) if count > 1 else None,
                runs=count,
                asked=count,
            )
            for at, (row, count) in enumerate(zip(ROWS, runs, strict=False))
        }
        deviation = samples[ROWS[0], SCORE.name].deviation
        if deviation is None:
            return Evidence(samples=samples)
        ruler = Ruler(deviation=deviation, runs=runs[0], source="baseline")
        return Evidence(samples=samples, rulers={SCORE.name: ruler})


def words(
    claims: Sequence[Claim],
    means: Sequence[float],
    runs: Sequence[int],
    *,
    most: int | None = None,
    spread: Sequence[float] = (1, 1, 1, 1),
    seed: int = 0,
    studies: int = STUDIES,
) -> list[tuple[Word, ...]]:
    """The verdicts of many studies of rows with these true means; with `most`, seeds are added."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(studies):
        shape = len(means), max(*runs, most or 1)
        deviations = np.array(spread)[: len(means), None]
        study = Scores(rng.normal(np.array(means)[:, None], deviations, shape))
        family = _Family(claims, [SCORE], LEVEL, most)
        counts = list(runs)
        while True:
            family.look(study.evidence(counts))
            open_rows = {ROWS.index(row) for claim in family.open() for row in claim.rows}
            if most is None or not open_rows:
                break
            wanted = 1 + min(counts[at] for at in open_rows)
            if wanted > most:
                break
            counts = [max(n, wanted) if at in open_rows else n for at, n in enumerate(counts)]
        found.append(tuple(word for _, word in family.words()))
    return found


def share(found: Iterable[tuple[Word, ...]], *false: Word) -> float:
    """Of studies with any of these verdicts."""
    found = list(found)
    return sum(any(word in false for word in one) for one in found) / len(found)


DECIDED = (SUPPORTED, CONTRADICTED)
CHAIN = ("A > B > C > D",)
GAINS = ("(A - B) > (C - D)",)


@pytest.mark.parametrize(
    ("that", "runs"),
    [
        (["A > B"], (3, 3)),
        (["A > B"], (10, 1)),
        (["A > B"], (3, 1)),
        (["A > B"], (5, 2)),
        (["A < B"], (2, 2)),
        (CHAIN, (3, 3, 3, 3)),
        (CHAIN, (3, 1, 1, 1)),
        (["B > A", "C > A", "D > A"], (5, 2, 3, 4)),
        (GAINS, (3, 3, 3, 3)),
        (GAINS, (2, 2, 2, 2)),
        (GAINS, (3, 1, 1, 1)),
        (GAINS, (10, 2, 2, 2)),
        (GAINS, (10, 10, 10, 2)),
        (["(A - B) > (B - C)"], (3, 3, 3)),
        (["(A - B) > (B - C)"], (2, 10, 2)),
        (["A > B", "C > D", *GAINS], (3, 3, 3, 3)),
    ],
)
def test_without_a_difference_one_look(that: Sequence[str], runs: tuple[int, ...]) -> None:
    """Rows that are equal: hardly any study says otherwise, whatever the number of its claims."""
    found = words(claimed(*that), [50.0] * len(runs), runs)
    assert share(found, *DECIDED) <= HIGHEST


@pytest.mark.slow
@pytest.mark.parametrize(
    ("that", "runs", "spread"),
    [
        (["A > B"], (3, 1), (1, 1)),
        (["A > B"], (2, 2), (1, 1)),
        (["A > B"], (1, 1), (1, 1)),
        (["A > B"], (3, 1), (1, 3)),
        (CHAIN, (3, 1, 1, 1), (1, 1, 1, 1)),
        (CHAIN, (2, 2, 2, 2), (1, 2, 3, 1)),
        (GAINS, (2, 2, 2, 2), (1, 1, 1, 1)),
        (GAINS, (3, 1, 1, 1), (1, 1, 1, 1)),
        (GAINS, (3, 3, 3, 3), (1, 2, 3, 1)),
    ],
)
def test_without_a_difference_looked_at_again_and_again(
    that: Sequence[str], runs: tuple[int, ...], spread: tuple[float, ...]
) -> None:
    """As above, with a seed more a row at each look until ten, or a false verdict."""
    found = words(claimed(*that), [50.0] * len(runs), runs, most=10, spread=spread)
    assert share(found, *DECIDED) <= HIGHEST


@pytest.mark.parametrize("most", [None, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize("runs", [(3, 3), (8, 2), (5, 1)])
def test_at_the_edge_of_the_margin(runs: tuple[int, int], most: int | None) -> None:
    """Rows that differ by the margin exactly are not within it."""
    for margin, seed in ((2.0, 1), (4.0, 2)):
        claims = claimed("A ~ B", within=margin)
        found = words(claims, [50.0 + margin, 50.0], runs, most=most, seed=seed)
        assert share(found, SUPPORTED) <= HIGHEST
        assert share(found, CONTRADICTED) <= HIGHEST


def known(weights: Sequence[int], runs: Sequence[int], ruler: int | None = None) -> Difference:
    """The evidence of rows with so many runs and a deviation of 1; by a ruler of so many runs."""
    parts = tuple(weight**2 / count for weight, count in zip(weights, runs, strict=True))
    return Difference(
        value=0.0,
        error=math.sqrt(sum(parts)),
        freedom=ruler - 1 if ruler else float(welch_freedom(parts, tuple(runs))),
        deviation=1.0,
        weights=tuple(weights),
        runs=tuple(runs),
        parts=None if ruler else parts,
        method="",
    )


PAIR = ("A {} B", (1, -1))
FOUR = ("(A - B) {} (C - D)", (1, -1, -1, 1))
THREE = ("(A - B) {} (B - C)", (1, -2, 1))


@pytest.mark.parametrize(
    ("contrast", "runs", "ruler"),
    [
        (PAIR, (2, 2), None),
        (PAIR, (3, 3), None),
        (PAIR, (5, 2), None),
        (PAIR, (3, 1), 3),
        (FOUR, (2, 2, 2, 2), None),
        (FOUR, (3, 3, 3, 3), None),
        (FOUR, (5, 3, 3, 2), None),
        (FOUR, (3, 1, 1, 1), 3),
        (THREE, (3, 3, 3), None),
    ],
)
def test_the_power_that_is_promised(
    contrast: tuple[str, Sequence[int]], runs: tuple[int, ...], ruler: int | None
) -> None:
    """A difference, or a margin, that is called detectable is shown in four of five studies."""
    that, weights = contrast
    found, rest = known(weights, runs, ruler), [50.0] * (len(runs) - 1)
    size, margin = (detectable(found, LEVEL, equal=equal) for equal in (False, True))
    assert size is not None
    assert margin is not None
    shown = words(claimed(that.format(">")), [50 + size, *rest], runs)
    assert share(shown, SUPPORTED) == pytest.approx(0.8, abs=0.05)
    shown = words(claimed(that.format("~"), within=margin), [50.0, *rest], runs)
    assert share(shown, SUPPORTED) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(
    ("contrast", "value", "margin"),
    [
        (PAIR, 1.2, None),
        (PAIR, 0.5, 1.5),
        (PAIR, 2.0, 0.5),
        (FOUR, 1.9, None),
        (FOUR, 0.5, 2.0),
        (THREE, 2.0, None),
    ],
)
def test_the_seeds_that_are_called_needed(
    contrast: tuple[str, Sequence[int]], value: float, margin: float | None
) -> None:
    """They decide four of five studies, and one seed less a row does not."""
    that, weights = contrast
    rows = len(weights)
    seeds = seeds_needed(replace(known(weights, [2] * rows), value=value), LEVEL, margin)
    assert seeds is not None
    claims = claimed(that.format(">" if margin is None else "~"), within=margin)
    means = [50 + value, *[50.0] * (rows - 1)]
    chances = [
        share(words(claims, means, [count] * rows), *DECIDED) for count in (seeds, seeds - 1)
    ]
    assert chances[0] >= 0.8 - 0.02
    assert chances[1] <= 0.8 + 0.02
