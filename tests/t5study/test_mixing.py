"""Mixing rates."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t5study.mixing import MixingError, mixing_rates, shared_examples

SIZES = {"small": 100, "middle": 1000, "large": 8900}


def test_equal():
    """All tasks have the same share, whatever their sizes."""
    assert mixing_rates(SIZES, "equal") == {name: pytest.approx(1 / 3) for name in SIZES}


def test_proportional_without_a_limit():
    """A task's share is its share of the examples."""
    assert mixing_rates(SIZES, "proportional") == pytest.approx(
        {"small": 0.01, "middle": 0.1, "large": 0.89}
    )


def test_the_limit_caps_a_task():
    """K counts for a task that has more examples."""
    rates = mixing_rates(SIZES, "proportional", limit=900)
    assert rates == pytest.approx({"small": 100 / 1900, "middle": 900 / 1900, "large": 900 / 1900})


def test_temperature_is_a_root_of_the_capped_shares():
    """Shares to the power 1/T, made to sum to 1 again."""
    rates = mixing_rates({"a": 1600, "b": 100, "c": 10_000}, "temperature", 2500, temperature=2)
    assert rates == pytest.approx({"a": 40 / 100, "b": 10 / 100, "c": 50 / 100})


def test_temperature_one_is_proportional():
    """T = 1 leaves the shares as they are."""
    assert mixing_rates(SIZES, "temperature", 500) == pytest.approx(
        mixing_rates(SIZES, "proportional", 500)
    )


@given(
    examples=st.dictionaries(st.text(), st.integers(1, 10**12), min_size=1, max_size=30),
    mixing=st.sampled_from(["equal", "proportional", "temperature"]),
    limit=st.none() | st.floats(1, 1e9),
    temperature=st.floats(0.1, 1e4),
)
def test_rates_sum_to_one_and_keep_the_order(examples, mixing, limit, temperature):
    """Whatever is mixed: shares of a whole, and no smaller task is drawn more often."""
    rates = mixing_rates(examples, mixing, limit, temperature)
    assert rates.keys() == examples.keys()
    assert math.isclose(sum(rates.values()), 1)
    by_size = [rates[name] for name in sorted(examples, key=examples.__getitem__)]
    assert by_size == sorted(by_size)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((SIZES, "proportionate"), "Did you mean 'proportional'"),
        ((SIZES, "proportional", 0), "limit=0"),
        ((SIZES, "temperature", None, 0), "temperature=0"),
        (({}, "equal"), "at least one"),
        (({"a": 1, "b": 0}, "equal"), "No examples in b"),
    ],
)
def test_impossible_settings(arguments, said):
    """The complaint names what was given."""
    with pytest.raises(MixingError, match=said):
        mixing_rates(*arguments)


def test_all_complaints_come_together():
    """Two mistakes are said at once."""
    with pytest.raises(MixingError, match=r"limit=-1.*temperature=-2"):
        mixing_rates(SIZES, "temperature", -1, -2)


def test_rte_of_both_suites_counts_once():
    """Each copy is halved where both are mixed, and whole where one is left out."""
    both = {"glue_rte": 2490, "super_glue_rte": 2490, "glue_cola": 8551}
    assert shared_examples(both) == {"glue_rte": 1245, "super_glue_rte": 1245, "glue_cola": 8551}
    alone = {"super_glue_rte": 2490, "glue_cola": 8551}
    assert shared_examples(alone) == alone
