"""Brent's method beside scipy's."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from sweeps.claims.roots import root

FUNCTIONS: list[Callable[[float], float]] = [
    lambda x: x - 1,
    lambda x: x**3 - 2,
    lambda x: math.tanh(5 * x) - 0.8,
    lambda x: math.exp(-x) - 0.1,
    lambda x: (x - 0.7) * (1 + x * x),
    lambda x: 1.0 if x > 0.3 else -1.0,
]


@pytest.mark.parametrize("at", range(len(FUNCTIONS)))
@given(
    low=st.floats(-4, 0.25),
    high=st.floats(2.5, 64),
    within=st.sampled_from([1e-2, 1e-6, 1e-12]),
)
def test_zeros_are_scipys_to_the_last_digit(at: int, low: float, high: float, within: float):
    found = root(FUNCTIONS[at], low, high, within)
    assert found == brentq(FUNCTIONS[at], low, high, xtol=within)


@given(mean=st.floats(0.01, 60), power=st.floats(0.05, 0.999))
def test_chances_too(mean: float, power: float):
    """Such as power is of, whose zero has a closed form."""

    def lacking(size: float) -> float:
        return float(norm.cdf(size - mean)) - power

    high = mean + 10
    found = root(lacking, -10.0, high, 1e-6)
    assert found == brentq(lacking, -10.0, high, xtol=1e-6)
    assert found == pytest.approx(mean + norm.ppf(power), abs=1e-5)


def test_equal_signs_are_refused():
    with pytest.raises(ValueError, match=r"same sign at 2\.0 and at 3\.0"):
        root(FUNCTIONS[0], 2.0, 3.0, 1e-6)


def test_an_end_may_be_the_zero():
    assert root(FUNCTIONS[0], 1.0, 3.0, 1e-6) == 1.0
    assert root(FUNCTIONS[0], -1.0, 1.0, 1e-6) == 1.0
