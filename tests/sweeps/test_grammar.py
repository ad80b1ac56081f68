"""What stands behind an equals sign: numbers of a range, and what to type in place of the rest."""

from __future__ import annotations

import shlex
from decimal import Decimal

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hypothesis import example, given
from hypothesis import strategies as st

from sweeps.asking.grammar import keys_given_twice, parse, values
from sweeps.errors import ConfigurationError


def read(text: str) -> Override:
    return parse(text, OverridesParser.create())


def complaint(text: str) -> str:
    """The one complaint about an override, behind the override itself."""
    with pytest.raises(ConfigurationError) as raised:
        read(text)
    (line,) = raised.value.complaints
    assert line.startswith(f"{text}: ")
    return line.removeprefix(f"{text}: ")


@pytest.mark.parametrize(
    ("swept", "typed"),
    [
        ("range(0.05,0.3,0.05)", "0.05 0.1 0.15 0.2 0.25"),
        ("range(0.1,0.8,0.1)", "0.1 0.2 0.3 0.4 0.5 0.6 0.7"),
        ("range(-0.3,0.3,0.1)", "-0.3 -0.2 -0.1 0 0.1 0.2"),
        ("range(0.3,0.05,-0.05)", "0.3 0.25 0.2 0.15 0.1"),
        ("range(1e-5,4e-5,1e-5)", "1e-05 2e-05 3e-05"),
        ("range(1,3,0.5)", "1 1.5 2 2.5"),
        ("range(1.1,2)", "1.1"),
        ("range(2,8,3)", "2 5"),
        ("range(3)", "0 1 2"),
        ("tag(mine,range(0.1,0.4,0.1))", "0.1 0.2 0.3"),
        ("float(range(1,3))", "1 2"),
        ("sort(range(0.3,0,-0.1))", "0.1 0.2 0.3"),
        ("sort(range(0,1,0.3),reverse=true)", "0.9 0.6 0.3 0"),
        ("sort(range(0.1,0.4,0.1), reverse=true)", "0.3 0.2 0.1"),
    ],
)
def test_a_range_has_the_numbers_that_a_person_means(swept, typed):
    """As they would be typed one by one: no sum of floats shows, also where Hydra sorts."""
    assert values(read(f"lr={swept}")) == typed.split()


DECIMALS = st.decimals(-1000, 1000, allow_nan=False, places=4)


@given(DECIMALS, st.decimals("0.0001", 10, places=4), st.integers(1, 60), st.booleans())
@example(Decimal("0.05"), Decimal("0.05"), 5, False)
def test_a_range_equals_its_decimals(start, step, count, descending):
    """Every number is the float nearest to the decimal, so that it makes the key of that."""
    step = -step if descending else step
    meant = [start + i * step for i in range(count)]
    found = values(read(f"lr=range({start:f},{start + count * step:f},{step:f})"))
    assert [float(number) for number in found] == [float(number) for number in meant]
    assert all(len(number) <= len(f"{m:f}") for number, m in zip(found, meant, strict=True))


@pytest.mark.parametrize(
    ("swept", "reason"),
    [
        ("range(0,1,0)", "the step of a range is not 0. Type range(FROM,BELOW,STEP)."),
        ("range(0,1,0.0)", "the step of a range is not 0. Type range(FROM,BELOW,STEP)."),
        ("sort(range(0,1,0))", "the step of a range is not 0. Type range(FROM,BELOW,STEP)."),
        ("range(0,inf)", "its ends and its step are finite numbers. Type range(FROM,BELOW,STEP)."),
        ("range(nan,1)", "its ends and its step are finite numbers. Type range(FROM,BELOW,STEP)."),
        ("range(0,1,-inf)", "its ends and its step are finite numbers. Type range(FROM,BELOW,ST"),
        (
            "range(0,1e400)",
            "its ends and its step are finite numbers. Type range(FROM,BELOW,STEP).",
        ),
        ("range(0,1,-0.1)", "no values. Type range(FROM,BELOW,STEP)."),
        ("range(0,1,1e-300)", "more than 10,000 values. Type fewer."),
        ("range(-1e308,1e308,1e290)", "more than 10,000 values. Type fewer."),
        ("range(a,b)", "mismatch type argument start: str is incompatible with Union[int, float]"),
        ("range(1,2,3,4)", "too many positional arguments. Type lr=range(FROM,BELOW,STEP)."),
        ("choice()", "empty choice is not legal. Type lr=choice(A,B)."),
        ("sort()", "empty sort input. Type lr=sort(A,B)."),
        ("shuffle()", "no values. Type lr=A,B,C."),
        ("interval(0,1)", "an interval names no values. Type lr=A,B,C or lr=range(A,B,STEP)."),
        ("interval(1)", "an interval names no values. Type lr=A,B,C or lr=range(A,B,STEP)."),
        ("int(abc)", "invalid literal for int() with base 10: 'abc'. Type lr=int(VALUE)."),
        ("rnge(1,2)", "no function 'rnge'. Did you mean 'range'? Known: "),
        ("foo(1)", "no function 'foo'. Known: "),
    ],
)
def test_what_names_no_values_says_what_to_type(swept, reason):
    """Hydra's own functions: steps of nothing, ends that never come, choices of nothing."""
    assert complaint(f"lr={swept}").startswith(reason)


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("store=/runs/lr=1e-3/store", "="),
        ("store=/runs (old)/x", "( )"),
        ("store=~/runs", "~"),
        ("store=a#b", "#"),
        ("store=it's", "'"),
        ('store=3"', '"'),
        ("store=für/uns", "ü"),
        ("corpus=/a=1/x,/a=2/x", "="),
        ("objective=span=iid", "="),
        ("store=a:b;c", ";"),
        ("store=a [v1]/x=2", "[ ] ="),
    ],
)
def test_what_needs_quotes_is_shown_in_them(text, characters):
    """What is proposed can be pasted into a shell, and is read as it was meant."""
    said = complaint(text)
    assert said.startswith(f"a value with {characters} stands in quotes. Type '")
    (typed,) = shlex.split(said.partition(" Type ")[2].removesuffix("."))
    override = read(typed)
    found = override.value()
    listed = found.list if override.is_sweep_override() else [found]
    texts = [one.text if isinstance(one, QuotedString) else one for one in listed]
    assert texts == text.partition("=")[2].split(",")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
@example('a\\"b=\\')
def test_no_value_breaks_the_complaint(text):
    """Whatever stands behind the equals sign is read, or one line says what helps."""
    try:
        read(f"store={text}")
    except ConfigurationError as error:
        (line,) = error.complaints
        assert line.startswith(f"store={text}: ")
        assert "Type " in line or "Keep " in line or "stand in quotes" in line


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("spam", "not an override: missing EQUAL at '<EOF>'. Type key=value, without spaces."),
        ("a b=1", "not an override: token recognition error at: ' '. Type key=value, without"),
        ("=1", "names no key. Type key=value, without spaces."),
        ("lr==3", "one = too many. Type lr=3."),
        ("seed=1,2,", "a comma too many. Type seed=1,2."),
        ("lr=,0.1,,0.2", "a comma too many. Type lr=0.1,0.2."),
        ('store="abc', 'the quote " is not closed. Type \'store="abc"\'.'),
        ("terms=[a,b", "no list or settings by name ("),
        ("limits={a=3}", "no list or settings by name ("),
        ("limits={a: 3, b: 1, a: 4}", "a is given twice. Keep one of them."),
        ("x={u: {a: 1, a: 2}}", "a is given twice. Keep one of them."),
    ],
)
def test_each_kind_of_mistake_has_its_own_remedy(text, reason):
    """Keys, quotes, brackets and names are no matter of quotes."""
    assert complaint(text).startswith(reason)


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("x={a: 1, b: {a: 2}, c: [{a: 3}, {a: 4}]}", []),
        ('x={a: "a:1, a:2", b: a}', []),
        ("x=[{a: 1, a: 2}, {b: 1, b: 2}]", ["a", "b"]),
        ("x={a: choice(1,2), a: 3}", ["a"]),
        ("x=a:b,a:c", []),
    ],
)
def test_a_name_stands_once_in_its_braces(text, twice):
    """The same name in other braces, or within a text, is another one."""
    assert keys_given_twice(text) == twice


def test_what_is_shuffled_has_one_order():
    """The order of a search's candidates is that of the same command before."""
    for swept in ("shuffle(range(0.1,1,0.1))", "shuffle(a,b,c,d,e,f,g,h)"):
        orders = [values(read(f"lr={swept}")) for _ in range(3)]
        assert orders[0] == orders[1] == orders[2]
        assert orders[0] != sorted(orders[0])
