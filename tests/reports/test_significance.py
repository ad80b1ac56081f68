"""The bold rule."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.significance import bold_mask

HUNDREDTHS = st.integers(0, 10000)
COLUMN = st.lists(st.none() | HUNDREDTHS, min_size=1, max_size=8)
RULER = st.none() | st.integers(0, 500)


def scaled(values: list[int | None]) -> list[float | None]:
    return [None if v is None else v / 100 for v in values]


@given(COLUMN, RULER, HUNDREDTHS)
def test_adding_a_constant_changes_nothing(
    values: list[int | None], std: int | None, constant: int
) -> None:
    """The rule looks at differences only."""
    ruler = None if std is None else std / 100
    moved = [None if v is None else v + constant for v in values]
    assert bold_mask(scaled(values), ruler) == bold_mask(scaled(moved), ruler)


@given(COLUMN, RULER)
def test_a_hole_is_never_bold_and_the_best_always_is(
    values: list[int | None], std: int | None
) -> None:
    """Also with a ruler of 0 and with none; all ties with the best are bold."""
    mask = bold_mask(scaled(values), None if std is None else std / 100)
    best = max((v for v in values if v is not None), default=None)
    for value, bold in zip(values, mask, strict=True):
        if value is None:
            assert not bold
        elif value == best:
            assert bold


@given(COLUMN, st.integers(0, 500))
def test_every_value_above_the_line_and_no_other(values: list[int | None], std: int) -> None:
    """In whole hundredths the rule is v > best - 2 std, or v = best."""
    best = max((v for v in values if v is not None), default=0)
    expected = [v is not None and (v == best or v > best - 2 * std) for v in values]
    assert bold_mask(scaled(values), std / 100) == expected


def test_a_score_on_the_line_is_plain() -> None:
    """Table 2, GLUE: 82.81 is exactly 83.28 - 2 x 0.235."""
    assert bold_mask([83.28, 82.81, 82.82], 0.235) == [True, False, True]


def test_no_ruler_leaves_the_best_alone() -> None:
    """None and NaN both mean that there is no ruler."""
    assert bold_mask([1.0, 3.0, 3.0, 2.99], None) == [False, True, True, False]
    assert bold_mask([1.0, 3.0, 3.0, 2.99], math.nan) == [False, True, True, False]


def test_nan_is_a_hole() -> None:
    """A value that is not a number is never bold and hides no best."""
    assert bold_mask([math.nan, 1.0, None], 5.0) == [False, True, False]


def test_only_holes() -> None:
    """A column without any score has no bold."""
    assert bold_mask([None, None], 1.0) == [False, False]


@pytest.mark.parametrize("std", [-0.1, math.inf])
def test_an_impossible_ruler_is_refused(std: float) -> None:
    """The message says what was given."""
    with pytest.raises(ValueError, match=str(std)):
        bold_mask([1.0], std)


@pytest.mark.parametrize(
    ("values", "std", "bold"),
    [
        ([3.0, 2.0, 2.3, None], None, [False, True, False, False]),
        ([3.0, 2.0, 2.3, 2.0], 0.2, [False, True, True, True]),
        # On the line of best + 2 std, and therefore plain, as written: 0.235 + 2 x 0.2.
        ([0.235, 0.635, 0.634], 0.2, [True, False, True]),
        ([-1.0, -2.0], 0.0, [False, True]),
    ],
)
def test_lower_is_better_turns_the_rule_round(values, std, bold) -> None:
    """The lowest is the best, and what lies less than two deviations above it."""
    assert bold_mask(values, std, lower_is_better=True) == bold
