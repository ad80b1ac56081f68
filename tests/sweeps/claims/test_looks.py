"""Bounds of repeated looks against published tables of R's packages."""

from __future__ import annotations

import pytest

from sweeps.claims.looks import bounds, information, nominal_level, spent

FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)


def test_bounds_are_those_of_r() -> None:
    """Five equal looks, two-sided 0.05: ldbounds, and gsDesign with sfLDOF, give these."""
    assert bounds(FIFTHS, 0.05) == pytest.approx((4.8769, 3.3569, 2.6803, 2.2898, 2.0310), abs=2e-4)


def test_one_look_is_the_plain_test() -> None:
    """All of the level is spent at the end."""
    assert nominal_level((1.0,), 0.05) == 0.05
    assert spent(1.0, 0.05) == pytest.approx(0.05)


def test_an_early_look_decides_hardly_anything() -> None:
    """A tenth of the information allows less than a billionth; all looks together the level."""
    levels = [nominal_level([k / 10 for k in range(1, n + 1)], 0.05) for n in range(1, 11)]
    assert levels[0] < 1e-9
    assert levels == sorted(levels)
    assert levels[-1] < 0.05


def test_information_grows_with_the_fewer_runs() -> None:
    """Ten runs beside one say little more than two beside one."""
    assert information((1, -1), (4, 4)) == 2.0
    assert information((1, -1), (10, 1)) < 1.0
    assert information((1, -1, -1, 1), (4, 4, 4, 4)) == 1.0
    assert information((1, -2, 1), (6, 6, 6)) == pytest.approx(1.0)
