"""Bounds beside the fields that they bind, and settings as instances of their dataclass."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.constraints import complaints, instance


@dataclass
class Unit:
    steps: int | None = field(default=None, metadata={"more_than": 0, "most": 1000})
    split: str = field(default="test", metadata={"choices": ("train", "test")})
    names: list[str] = field(default_factory=list)


@dataclass
class Group:
    rate: float = field(default=0.5, metadata={"more_than": 0, "less_than": 1})
    share: float = field(default=0.0, metadata={"least": 0, "less_than": 1})
    timeout: float = field(default=1.0, metadata={"more_than": 0, "unit": "seconds"})
    dose: float = field(default=0.5, metadata={"least": 0, "most": 1, "accepted": "0 to 1 cups"})


@dataclass
class Schema:
    group: Group = field(default_factory=Group)
    units: dict[str, Unit] = field(default_factory=dict)
    several: list[Unit] | None = None
    limits: dict[str, float] = field(default_factory=dict, metadata={"more_than": 0})
    sizes: list[int] = field(default_factory=list, metadata={"least": 1})
    seed: int = field(default=0, metadata={"least": 0, "most": 2**63 - 1})
    free: Any = None
    from_: int | None = field(default=None, metadata={"least": 1})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"group": {"rate": 0.0}}, "group.rate=0: must be between 0 and 1, both excluded."),
        ({"group": {"share": 1.0}}, "group.share=1: must be between 0 and 1, 0 included."),
        ({"group": {"timeout": 0.0}}, "group.timeout=0: must be greater than 0 seconds."),
        ({"group": {"dose": 1.5}}, "group.dose=1.5: 0 to 1 cups."),
        ({"group": {"rate": float("nan")}}, "group.rate=nan: must be a number."),
        ({"group": {"timeout": float("inf")}}, "group.timeout=inf: must be finite."),
        ({"units": {"a": {"steps": 0}}}, "units.a.steps=0: must be greater than 0."),
        ({"units": {"a": {"steps": 1001}}}, "units.a.steps=1001: must be 1,000 or less."),
        ({"units": {"b": {"split": "dev"}}}, "units.b.split=dev: accepted are train and test."),
        ({"several": [{}, {"steps": -1}]}, "several[1].steps=-1: must be greater than 0."),
        ({"limits": {"x": -1.0}}, "limits.x=-1: must be greater than 0."),
        ({"sizes": [3, 0]}, "sizes[1]=0: must be 1 or more."),
        ({"from": 0}, "from=0: must be 1 or more."),
        ({"seed": -1}, "seed=-1: must be 0 or more."),
        ({"seed": 2**63}, f"seed={2**63}: must be 9,223,372,036,854,775,807 or less."),
    ],
)
def test_value_outside_of_its_bounds(values: dict[str, Any], expected: str) -> None:
    """The key as it is typed, the value and what is accepted."""
    assert complaints(Schema, values) == [expected]


def test_values_within_their_bounds_and_nulls() -> None:
    """Nothing is said of a null, of what has no bounds, nor of the ends that are accepted."""
    unit = {"steps": None, "split": "train"}
    group = {"rate": 1e-9, "share": 0.0, "timeout": 1e-9}
    values = {"group": group, "units": {"a": unit}, "several": None, "seed": 2**63 - 1}
    assert complaints(Schema, values) == []


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_number_is_inside_or_complained_of(rate: float) -> None:
    """A bound holds for whatever a float can be."""
    assert (complaints(Schema, {"group": {"rate": rate}}) == []) == (0 < rate < 1)


UNITS = st.builds(Unit, st.none() | st.integers(), st.text(), st.lists(st.text(), max_size=2))


@given(
    st.builds(
        Schema,
        st.builds(Group, st.floats(allow_nan=False), st.floats(allow_nan=False)),
        st.dictionaries(st.text(), UNITS, max_size=2),
        st.none() | st.lists(UNITS, max_size=2),
        free=st.none() | st.dictionaries(st.text(), st.integers(), max_size=2),
    )
)
def test_instance_undoes_asdict(settings: Schema) -> None:
    """Plain values of a dataclass and the instance made of them say the same."""
    assert instance(Schema, asdict(settings)) == settings


def test_instance_takes_defaults_and_leaves_out_what_the_class_lacks() -> None:
    """A record of another version has a key more and a key less."""
    made = instance(Schema, {"group": {"rate": 0.25, "gone": 1}, "older": True})
    assert made == Schema(group=Group(rate=0.25))


def test_a_word_of_python_is_a_key_too() -> None:
    """Its field has an underscore behind; the key has none."""
    assert instance(Schema, {"from": 3, "seed": 2}).from_ == 3
    assert instance(Schema, {"from_": 3}).from_ is None
