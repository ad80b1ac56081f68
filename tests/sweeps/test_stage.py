"""Identity of stages: what makes two keys equal, and what is refused."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.errors import StageError
from sweeps.stage import Cost, Stage, adopt_all, canonical, resolve_run

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
CONFIGS = st.dictionaries(
    st.text(max_size=6),
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
        ),
        max_leaves=12,
    ),
    max_size=5,
)


def make(**changes) -> Stage:
    """A stage with one field or another changed."""
    fields = {"name": "pretrain", "version": 1, "config": {"rate": 0.1}, "run": "toy.module.work"}
    return Stage(**{**fields, **changes})


def typed(value):
    """`value` with booleans set apart, so that == compares as the identity of stages should."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [typed(item) for item in value]
    return value


def shuffled(value, rng):
    """`value` with the order of every mapping changed and lists turned into tuples."""
    if isinstance(value, dict):
        items = list(value.items())
        rng.shuffle(items)
        return {name: shuffled(item, rng) for name, item in items}
    if isinstance(value, list):
        return tuple(shuffled(item, rng) for item in value)
    return value


@given(CONFIGS, CONFIGS)
def test_equal_configurations_have_equal_keys_and_others_have_not(first, second):
    """Two configurations share a key exactly when they are equal and agree on what is boolean."""
    same = typed(first) == typed(second)
    assert (make(config=first).key == make(config=second).key) == same


@given(CONFIGS, st.randoms())
def test_order_and_tuples_do_not_matter(config, rng):
    """Neither the order of a mapping nor tuple against list changes the key."""
    assert make(config=shuffled(config, rng)).key == make(config=config).key


@given(CONFIGS)
def test_a_configuration_survives_json(config):
    """What a job reads back from the store has the key of what was written."""
    stage = make(config=config)
    spec = json.loads(json.dumps(stage.spec()))
    assert make(config=spec["config"]).key == stage.key
    assert spec["config"] == stage.config


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (0.10, 1e-1, True),
        (1.0, 1, True),
        (-0.0, 0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        (None, "None", False),
        ("1E234", 1e234, False),
        ("0.1", 0.1, False),
        ((1, 2), [1, 2.0], True),
        ([], {}, False),
        (10**23, 1e23, False),
    ],
)
def test_canonical_values(one, other, same):
    """Numbers are compared as numbers, text and booleans only with their own kind."""
    assert (make(config={"x": one}).key == make(config={"x": other}).key) == same


def test_the_key_is_pinned():
    """The rule that makes keys may not drift: stores of finished work depend on it."""
    stage = make(config={"rate": 0.10, "deep": {"b": (1, 2.0), "a": None}, "on": True})
    assert stage.key == "30be6523139dbaef2f98"
    assert make(inputs={"corpus": stage}).key == "f56f1accdfdac3ac0dae"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "finetune"},
        {"version": 2},
        {"config": {"rate": 0.2}},
        {"config": {"rate": 0.1, "extra": None}},
        {"inputs": {"corpus": make()}},
    ],
)
def test_all_that_identifies_a_stage_is_in_the_key(changes):
    """Name, version, whole configuration and inputs each change the key."""
    assert make(**changes).key != make().key


def test_what_does_not_identify_a_stage_is_not_in_the_key():
    """Where the code lies and what it costs change nothing."""
    assert make(run="toy.other:work", cost=Cost(flops=5)).key == make().key


def test_the_role_of_an_input_is_in_the_key():
    """The same two inputs in exchanged roles are another stage."""
    a, b = make(name="a"), make(name="b")
    assert make(inputs={"x": a, "y": b}).key != make(inputs={"x": b, "y": a}).key
    assert make(inputs={"x": a, "y": b}).key == make(inputs={"y": b, "x": a}).key


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), r"config\.a\.b\[1\] is nan: a configuration holds finite numbers"),
        (float("inf"), r"config\.a\.b\[1\] is inf"),
        (b"x", r"config\.a\.b\[1\] is a builtins\.bytes"),
        ({1: 2}, r"config\.a\.b\[1\] has the key 1: keys of a configuration are text"),
        ({2, 3}, r"config\.a\.b\[1\] is a builtins\.set"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(value, text):
    """A value that has no canonical form is named with the path to it."""
    with pytest.raises(StageError, match=text):
        make(config={"a": {"b": [0, value]}})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": "work"}, "which the store keeps for itself"),
        ({"name": "../x"}, "the name is a folder"),
        ({"version": "1"}, "version is '1', not a whole number"),
        ({"run": "function"}, "not a dotted path"),
        ({"run": len}, "not a dotted path"),
        ({"config": [1]}, r"config is \[1\], not a mapping"),
    ],
)
def test_impossible_stages_are_refused(changes, text):
    """Each field says what it accepts."""
    with pytest.raises(StageError, match=text):
        make(**changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"flops": -1}, "cost.flops is -1: expected a number of at least 0"),
        ({"tokens": "many"}, "cost.tokens is 'many'"),
        ({"unshareable": {"fsdp": 1}}, "cost.unshareable is {'fsdp': 1}: expected why, by name"),
        ({"unshareable": "fsdp"}, "cost.unshareable is 'fsdp': expected why, by name"),
        ({"device": "tpu"}, r"cost.device is 'tpu': expected one of \['cpu', 'any'\]"),
    ],
)
def test_impossible_costs_are_refused(changes, text):
    """A cost is a finite number of at least 0, a device one of two words."""
    with pytest.raises(StageError, match=text):
        Cost(**changes)


def foreign(name="vocabulary", inputs=None, **changes):
    """A stage of a study that knows nothing of ours."""
    cost = SimpleNamespace(flops=1.0, tokens=2, memory_bytes=3, disk_bytes=4, device="any")
    fields = {"version": 1, "config": {}, "inputs": inputs or {}, "run": "toy.f", "cost": cost}
    return SimpleNamespace(name=name, **{**fields, **changes})


def test_adopt_copies_everything():
    """A study's stage comes in with its inputs and its cost, under the key ours would have."""
    theirs = foreign("finetune", {"vocabulary": foreign()}, config={"steps": 3})
    (ours,) = adopt_all([theirs])
    vocabulary = Stage(name="vocabulary", version=1, config={}, run="toy.f")
    same = Stage(
        name="finetune",
        version=1,
        config={"steps": 3},
        inputs={"vocabulary": vocabulary},
        run="toy.f",
    )
    assert ours == same
    assert ours.cost == Cost(flops=1.0, tokens=2, memory_bytes=3, disk_bytes=4, device="any")


def test_adopt_shares_what_is_shared():
    """One object behind two inputs is copied once, also between roots."""
    shared = foreign()
    one, two = adopt_all([foreign("a", {"x": shared, "y": shared}), foreign("b", {"x": shared})])
    assert one.inputs["x"] is one.inputs["y"]
    assert one.inputs["x"] is two.inputs["x"]


def test_adopt_takes_a_chain_of_thousands():
    """The depth of a chain is not bounded by Python's recursion limit."""
    stage = foreign()
    for number in range(3000):
        stage = foreign("link", {"before": stage}, config={"number": number})
    depth, (ours,) = 0, adopt_all([stage])
    while ours.inputs:
        depth, ours = depth + 1, ours.inputs["before"]
    assert depth == 3000


def test_adopt_names_what_is_missing():
    """An object that is no stage is answered with the fields a stage has."""
    with pytest.raises(StageError, match=r"'vocabulary' .* lacks run, cost\. A stage has name,"):
        adopt_all([SimpleNamespace(name="vocabulary", version=1, config={}, inputs={})])


def test_adopt_refuses_a_circle():
    """A stage that needs itself is named."""
    stage = foreign("pretrain")
    stage.inputs = {"corpus": foreign("corpus", {"model": stage})}
    with pytest.raises(StageError, match="reaches itself through its inputs"):
        adopt_all([stage])


def test_adopt_names_the_stage_with_an_impossible_cost():
    """A complaint about a cost says whose it is."""
    with pytest.raises(StageError, match=r"Stage 'vocabulary': cost\.flops is -2"):
        adopt_all([foreign(cost=SimpleNamespace(flops=-2))])


def test_a_configuration_has_one_form():
    """Whole floats as ints, tuples as lists, in any order."""
    ours = canonical({"b": 1.0, "a": (True, None, "é")})
    assert ours == {"a": [True, None, "é"], "b": 1}
    assert repr(ours["b"]) == "1"


def test_canonical_copies():
    """Changing the study's own mapping later does not reach the stage."""
    mine = {"deep": [1]}
    copy = canonical(mine)
    mine["deep"].append(2)
    assert copy == {"deep": [1]}


def test_resolve_run_imports_by_either_spelling():
    """`package.module.function` and `package.module:function` name the same function."""
    assert resolve_run("json.dumps") is json.dumps
    assert resolve_run("json:dumps") is json.dumps


def test_resolve_run_names_the_nearest_function():
    """A function that is not there is answered with one that is."""
    with pytest.raises(StageError, match=r"no function 'dump5'.* Did you mean 'dump"):
        resolve_run("json.dump5")
