"""The columns of a table as they come over the border from a study, and out of a record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lab.columns
import lab.parts
import sweeps.columns
from lab.columns import MEASURES, Measure
from sweeps.columns import Column, adopt_columns, recorded_columns
from sweeps.errors import ColumnError
from sweeps.search.ascent import choose

ONE = [[["game", "acc"]]]


def adopted(**fields: Any) -> Column:
    (column,) = adopt_columns("toy", [{"name": "Game", "terms": ONE, **fields}])
    return column


def test_a_bare_column_is_a_score_of_0_to_100() -> None:
    """Named as its metric is; higher is better."""
    column = adopted()
    assert (column.description, column.least, column.most) == ("acc", 0.0, 100.0)
    assert not column.lower_is_better
    assert column.terms == ((("game", "acc"),),)


def test_what_a_metric_is_comes_from_the_study() -> None:
    """Words, unit, range and direction of a column are those of its metric."""
    bits = Measure(words="length of the text", unit="bits", most=None, lower_is_better=True)
    given = lab.columns.Column(name="Bits", terms=[[["text", "bpb"]]], measures={"bpb": bits})
    (column,) = adopt_columns("toy", [given])
    assert column.description == "length of the text in bits, lower is better"
    assert (column.least, column.most, column.lower_is_better) == (0.0, None, True)


@pytest.mark.parametrize("wrapped", [lab.columns.Column, SimpleNamespace, dict])
def test_objects_and_mappings_are_taken_alike(wrapped: Any) -> None:
    """A study need not import anything of ours."""
    given = wrapped(name="F", terms=[[["a", "f05"]]], measures={"f05": Measure(words="F0.5")})
    (column,) = adopt_columns("toy", [given])
    assert column.description == "F0.5"


def test_a_mean_of_metrics_names_them_and_lies_in_the_range_around_theirs() -> None:
    """Correlations reach below zero; three tasks are a mean over tasks."""
    two = adopted(terms=[[["b", "f1"], ["b", "mcc"]]], measures=MEASURES)
    assert two.description == "mean of F1 and Matthews correlation"
    assert (two.least, two.most) == (-100.0, 100.0)
    three = adopted(terms=[[["a", "acc"]], [["b", "acc"]], [["c", "acc"]]], measures=MEASURES)
    assert three.description == "mean over 3 tasks"


def test_metrics_of_both_directions_are_no_mean() -> None:
    """Better accuracy and worse loss would cancel."""
    measures = {"loss": Measure(words="loss", most=None, lower_is_better=True)}
    with pytest.raises(ColumnError, match="averages acc, loss, of which some are better when low"):
        adopted(terms=[[["a", "acc"], ["a", "loss"]]], measures=measures)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"name": " "}, "name is ' ', expected a text"),
        ({"terms": []}, "expected groups such as"),
        ({"terms": [["game", "acc"]]}, "is no task and metric"),
        ({"terms": "game.acc"}, "expected groups such as"),
        ({"decimals": -1}, "expected a whole number from 0 to 15"),
        ({"decimals": "two"}, "expected a whole number from 0 to 15"),
        ({"least": 5, "most": 5}, "the range 5 to 5 is empty"),
        ({"most": "high"}, "most is 'high', expected a number"),
        ({"most": float("nan")}, "most is nan, expected a number"),
        ({"lower_better": True}, "has the field 'lower_better'. Did you mean 'lower_is_better'?"),
    ],
)
def test_a_column_that_cannot_be_meant_is_refused(fields: dict[str, Any], complaint: str) -> None:
    """With the study, the column, what was found and what is accepted."""
    with pytest.raises(ColumnError) as raised:
        adopted(**fields)
    assert complaint in str(raised.value)
    assert str(raised.value).startswith("study=toy: column ")


def test_two_columns_of_one_name_are_refused() -> None:
    """A table could not tell them apart."""
    with pytest.raises(ColumnError, match="two columns are called 'Game'"):
        adopt_columns("toy", [{"name": "Game", "terms": ONE}] * 2)


bounds = st.one_of(st.none(), st.floats(-1e6, 0)), st.one_of(st.none(), st.floats(1, 1e6))


@given(least=bounds[0], most=bounds[1], lower=st.booleans(), decimals=st.integers(0, 15))
def test_a_record_gives_back_what_was_adopted(
    least: float | None, most: float | None, lower: bool, decimals: int
) -> None:
    """Through JSON values alone."""
    column = adopted(
        least=least, most=most, lower_is_better=lower, decimals=decimals, words="w", unit="s"
    )
    assert recorded_columns({"columns": [column.to_json()]}) == (column,)


def test_an_older_record_still_has_its_columns() -> None:
    """Metrics as written, 0 to 100, higher better; what a newer one adds is left out."""
    old = {"name": "Pairs", "terms": [[["pairs", "f1"], ["pairs", "acc"]]], "decimals": 1}
    (column,) = recorded_columns({"columns": [{**old, "kind": None, "colour": "red"}]})
    assert column.description == "mean of f1 and acc"
    assert (column.least, column.most, column.lower_is_better) == (0.0, 100.0, False)


def test_the_lowest_wins_a_search_where_lower_is_better() -> None:
    """And the ruler reaches upwards from it."""
    scores, costs = {"a": 3.0, "b": 2.0, "c": 2.3}, {"a": 1.0, "b": 9.0, "c": 1.0}
    assert choose(scores, costs, None, lower_is_better=True)[0] == "b"
    assert choose(scores, costs, 0.2, lower_is_better=True)[0] == "c"
    assert choose(scores, costs, 0.1, lower_is_better=True)[0] == "b"
    assert choose(scores, costs, None)[0] == "a"


def test_both_sides_know_the_same_kinds_of_parts() -> None:
    """The writer in lab and the reader in reports cannot import each other."""
    from reports.statistics.rescoring import SCORE_OF

    written = {kind.name: kind.value for kind in lab.parts.PartKind}
    assert written == {kind.name: kind.value for kind in sweeps.columns.PartKind}
    assert set(SCORE_OF) == set(sweeps.columns.PartKind)
