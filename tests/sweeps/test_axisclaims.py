"""What a study claims of its axes: of which rows of a grid it is asked, and of which not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sweeps.asking.axisclaims import claims_of_axes
from sweeps.asking.compose import Composer, search_path
from sweeps.asking.expand import Expansion
from sweeps.asking.rows import Sweep
from sweeps.errors import ConfigurationError

CONF = Path(__file__).parents[2] / "conf/t5study"
EQUAL = {"that": "rate=0.25 ~ rate=0.15", "within": 2.0, "note": "why"}


def table(*configs: dict[str, Any]) -> Sweep:
    """A sweep of rows that are called as their values stand."""
    rows = [
        SimpleNamespace(label=" ".join(map(str, one.values())), cells=[SimpleNamespace(config=one)])
        for one in configs
    ]
    return cast(Sweep, SimpleNamespace(rows=rows))


def test_each_set_of_rows_that_differ_in_the_axis_alone_is_claimed() -> None:
    """Once for each value of another axis; what else the claim says stays."""
    rows = [{"kind": k, "rate": r} for k in ("a", "b") for r in (0.15, 0.25, 0.5)]
    assert claims_of_axes([EQUAL], table(*rows)) == [
        {**EQUAL, "that": "a 0.25 ~ a 0.15"},
        {**EQUAL, "that": "b 0.25 ~ b 0.15"},
    ]


def test_rows_that_differ_in_something_else_are_not_compared() -> None:
    """Nor those of a table that lacks one of the values."""
    assert claims_of_axes([EQUAL], table({"k": 1, "rate": 0.15}, {"k": 2, "rate": 0.25})) == []
    assert claims_of_axes([EQUAL], table({"rate": 0.15}, {"rate": 0.5})) == []


@pytest.mark.parametrize(
    ("that", "configs", "claimed"),
    [
        ("kind=b > kind=a", [{"kind": {"name": x, "of": x}} for x in "ab"], [1, 0]),
        ("x.y=3 < x.y=4", [{"x": {"y": 3.0, "z": 1}}, {"x": {"y": 4.0, "z": 1}}], [0, 1]),
        ("x=null > x=1 > x=true", [{"x": None}, {"x": 1}, {"x": True}], [0, 1, 2]),
    ],
)
def test_a_value_may_be_a_folder_s_name_or_lie_deep(
    that: str, configs: list[dict[str, Any]], claimed: list[int]
) -> None:
    """Or be a number that is typed in another way; a chain is one claim."""
    sweep = table(*configs)
    (found,) = claims_of_axes([{"that": that}], sweep)
    signs = [word for word in that.split() if word in "<>~"]
    labels = [sweep.rows[i].label for i in claimed]
    expected = labels[0] + "".join(f" {s} {x}" for s, x in zip(signs, labels[1:], strict=True))
    assert found["that"] == expected


@pytest.mark.parametrize("entry", ["a=1 ~ b=2", "a > b", "a=1", {"within": 1.0}, 3])
def test_what_sets_no_two_values_of_a_key_side_by_side_is_refused(entry: Any) -> None:
    """Also where the table has no such rows."""
    asked = {"that": entry} if isinstance(entry, str) else entry
    with pytest.raises(ConfigurationError, match="is no claim about an axis; accepted are values"):
        claims_of_axes([asked], table({"rate": 0.15}))


def claimed(*overrides: str) -> list[tuple[str, float | None]]:
    with search_path(CONF):
        (sweep,) = Expansion(Composer("config"), ["preset=smoke", *overrides]).sweeps()
    return [(claim.that, claim.within) for claim in sweep.claims]


def in_columns(*overrides: str) -> list[tuple[str, tuple[str, ...]]]:
    """The claims of a table, with the columns that each names."""
    with search_path(CONF):
        (sweep,) = Expansion(Composer("config"), overrides).sweeps()
    return [(claim.that, claim.columns) for claim in sweep.claims]


DEMO = ("objective=span,iid", "corruption=0.15,0.25")
OBJECTIVES = [("span > iid", None), ("span ~ iid", 0.35), ("span > iid", None)]


def test_the_demo_claims_that_its_rates_differ_little() -> None:
    """Of both objectives, without a word typed."""
    assert claimed(*DEMO)[:2] == [("span, 25% ~ span, 15%", 2.0), ("iid, 25% ~ iid, 15%", 2.0)]


def test_of_the_columns_that_a_claim_names_it_is_asked_in_those_that_are_there() -> None:
    """The paper's columns, by the tasks that stand for them; none means the average."""
    assert in_columns("preset=embedded", *DEMO) == [
        ("span, 25% ~ span, 15%", ()),
        ("iid, 25% ~ iid, 15%", ()),
        ("span, 15% > iid, 15%", ("GLUE",)),
        ("span, 25% > iid, 25%", ("GLUE",)),
        ("span, 15% ~ iid, 15%", ("EnDe",)),
        ("span, 25% ~ iid, 25%", ("EnDe",)),
        ("span, 15% > iid, 15%", ("FLOPs",)),
        ("span, 25% > iid, 25%", ("FLOPs",)),
    ]


def test_an_added_baseline_is_one_of_the_rows() -> None:
    assert claimed("corruption=0.25,0.5") == [
        ("25% ~ baseline", 2.0),
        ("50% < baseline", None),
    ]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ((*DEMO, 'claims.that=["span, 15% > iid, 15%"]'), [("span, 15% > iid, 15%", None)]),
        ((*DEMO, "claims.axes=[]"), []),
        (("span_length=2,3",), []),
        (("corruption=0.25,0.5", "suite.average=null"), []),
        (("objective=span,iid",), OBJECTIVES),
        (("objective=span,iid", "suite.average=null"), OBJECTIVES),
    ],
)
def test_it_is_asked_of_nothing_else(
    overrides: tuple[str, ...], expected: list[tuple[str, float | None]]
) -> None:
    """Where something is typed, nothing varies the axis, or the table has no such column."""
    assert claimed(*overrides) == expected
