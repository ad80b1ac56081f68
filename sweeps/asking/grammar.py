"""One override by Hydra's grammar: the values that it names, and what to type where it is none."""

from __future__ import annotations

import itertools
import math
import os
import random
import re
import shlex
from collections.abc import Iterator
from decimal import Decimal, localcontext

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, Override, QuotedString, RangeSweep
from hydra.errors import HydraException, OverrideParseException

from sweeps.errors import ConfigurationError, nearest

MOST_VALUES = 10_000
"""Of one override; a range can have more than could ever be composed."""
USAGE = {
    "choice": "choice(A,B)",
    "range": "range(FROM,BELOW,STEP)",
    "sort": "sort(A,B)",
    "shuffle": "shuffle(A,B)",
    "glob": "glob(PATTERN)",
    "tag": "tag(NAME,choice(A,B))",
    "int": "int(VALUE)",
    "float": "float(VALUE)",
    "str": "str(VALUE)",
    "bool": "bool(VALUE)",
    "json_str": "json_str({NAME: VALUE})",
}
"""Hydra's functions of values, as one types them."""

_SORTED_RANGE = re.compile(r"sort\(\s*(range\([^()]*\))\s*(,[^()]*)?\)")
_CALL = re.compile(r"\w+ while evaluating '(\w+)\(.*\)': (.*)", re.DOTALL)
_KEY = re.compile(r"[+~]{0,2}[\w$-]+(?:[./@:][\w$-]+)*")
_PLAIN = re.compile(r"[A-Za-z0-9_/\-\\+.$%*@?|: ]")
"""Characters of a value that Hydra takes without quotes."""
_DIGITS = 700
"""Of any sum of two floats."""


def parse(text: str, parser: OverridesParser) -> Override:
    """The override. Raises ConfigurationError where it is none, or names no values to run."""
    try:
        override = parser.parse_override(text)
    except (OverrideParseException, HydraException, ValueError, ArithmeticError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError([f"{text}: {_remedy(text, reason, parser)}"]) from error
    if not override.key_or_group:
        raise ConfigurationError([f"{text}: names no key. Type key=value, without spaces."])
    for name in keys_given_twice(text):
        raise ConfigurationError([f"{text}: {name} is given twice. Keep one of them."])
    key = override.get_key_element()
    if override.is_interval_sweep():
        raise ConfigurationError(
            [f"{text}: an interval names no values. Type {key}=A,B,C or {key}=range(A,B,STEP)."]
        )
    if override.is_sweep_override() and not isinstance(override.value(), Glob):
        _check_values(text, key, override)
        hint = comma_hint(text, override)
        if hint and os.path.exists(os.path.expanduser(text.partition("=")[2].strip())):
            raise ConfigurationError([f"{text}: commas separate values.{hint}"])
    return override


def values(override: Override) -> list[str]:
    """The values of an override with several, as one types them, a glob's left out.

    Shuffled ones come in the same order for the same override: a search goes on in it.
    """
    swept = override.value()
    if isinstance(swept, Glob):
        return []
    if isinstance(swept, RangeSweep):
        found = _sorted_range(override) or list(range_values(swept))
    else:
        found = [str(value) for value in override.sweep_string_iterator()]
    if isinstance(swept, RangeSweep | ChoiceSweep) and swept.shuffle:
        found.sort()
        random.Random(override.input_line).shuffle(found)
    return found


def range_values(swept: RangeSweep) -> Iterator[str]:
    """The numbers from start to below stop as a person would type them, 10,000 and one at most.

    They are worked out in decimal: 0.15, where floats add up to 0.15000000000000002. Raises
    ValueError for a range without end.
    """
    numbers = (swept.start or 0, swept.stop or 0, swept.step)
    if not all(map(math.isfinite, numbers)):
        raise ValueError("its ends and its step are finite numbers")
    start, stop, step = (Decimal(repr(number)) for number in numbers)
    if not step:
        raise ValueError("the step of a range is not 0")
    for index in itertools.islice(itertools.count(), MOST_VALUES + 1):
        with localcontext() as context:
            context.prec = _DIGITS
            value = start + index * step
        if value >= stop if step > 0 else value <= stop:
            return
        yield _number(value)


def _number(value: Decimal) -> str:
    if value == value.to_integral_value() and abs(value) < 10**16:
        return str(int(value))
    return repr(float(value))


def _sorted_range(override: Override) -> list[str] | None:
    """The values of a range that is sorted; Hydra would begin at what is left of the other end."""
    text = str(override.input_line)
    key, _, given = text.partition("=")
    inner, swept = _SORTED_RANGE.fullmatch(given.strip()), override.value()
    if inner is None or not isinstance(swept, RangeSweep):
        return None
    whole = OverridesParser.create().parse_override(f"{key}={inner[1]}").value()
    assert isinstance(whole, RangeSweep)
    return sorted(range_values(whole), key=float, reverse=swept.step < 0)


def _check_values(text: str, key: str, override: Override) -> None:
    ranges = isinstance(override.value(), RangeSweep)
    usage = f"Type {USAGE['range']}." if ranges else f"Type {key}=A,B,C."
    try:
        found = values(override)
    except (ValueError, ArithmeticError) as error:
        raise ConfigurationError([f"{text}: {error}. {usage}"]) from error
    if len(found) > MOST_VALUES:
        raise ConfigurationError([f"{text}: more than {MOST_VALUES:,} values. Type fewer."])
    if not found:
        raise ConfigurationError([f"{text}: no values. {usage}"])


# -- what to type instead ------------------------------------------------------------------------


def _remedy(text: str, reason: str, parser: OverridesParser) -> str:
    """Why a text is no override, and what to type, by the kind of mistake."""
    key, equals, given = text.partition("=")
    given = given.strip()
    if not equals or not _KEY.fullmatch(key):
        return f"not an override: {reason}. Type key=value, without spaces."
    if call := _CALL.fullmatch(reason):
        name, why = call.groups()
        if name in USAGE:
            return f"{why}. Type {key}={USAGE[name]}."
        if name == "interval":
            return f"an interval names no values. Type {key}=A,B,C or {key}=range(A,B,STEP)."
        quoted = _in_quotes(key, given, parser)
        meant = f" If the text is meant as it stands, type {quoted}." if quoted else ""
        return f"no function {name!r}. {nearest(name, USAGE)}{meant}"
    if given and (kept := ",".join(filter(None, map(str.strip, given.split(","))))):
        typed = f"{key}={kept}"
        if kept != given and "'" not in given and '"' not in given and _reads(typed, parser):
            return f"a comma too many. Type {shlex.quote(typed)}."
    if given.startswith("="):
        return f"one = too many. Type {key}={given.lstrip('= ')}."
    if given[:1] in "'\"" and (len(given) < 2 or given[-1] != given[0]):
        return (
            f"the quote {given[0]} is not closed. Type {shlex.quote(f'{key}={given}{given[0]}')}."
        )
    if given[:1] in "[{":
        return (
            f"no list or settings by name ({reason}). A list is [A,B], settings are "
            '{NAME: VALUE}; texts in them with other characters stand in quotes, such as ["a=b"].'
        )
    odd = "".join(dict.fromkeys(c for c in given if not _PLAIN.fullmatch(c) and c != ","))
    if quoted := _in_quotes(key, given, parser):
        return f"a value with {' '.join(odd) or 'such characters'} stands in quotes. Type {quoted}."
    return f"not an override: {reason}. Type key=value."


def _reads(text: str, parser: OverridesParser) -> bool:
    """Whether a text is an override."""
    try:
        parser.parse_override(text)
    except (OverrideParseException, HydraException, ValueError, ArithmeticError):
        return False
    return True


def _in_quotes(key: str, given: str, parser: OverridesParser) -> str | None:
    """What to type in a shell so that Hydra reads the values as they stand; None if it cannot."""
    parts = [part.strip() for part in given.split(",")]
    # A backslash before a quote would be taken for the quote's.
    quoted = ['"' + re.sub(r'(\\*)"', r'\1\1\\"', part) + '"' for part in parts]
    typed = f"{key}={','.join(quoted)}"
    try:
        override = parser.parse_override(typed)
    except (OverrideParseException, HydraException, ValueError, ArithmeticError):
        return None
    read = override.value()
    found = read.list if isinstance(read, ChoiceSweep) else [read]
    texts = [value.text if isinstance(value, QuotedString) else value for value in found]
    return shlex.quote(typed) if texts == parts else None


def comma_hint(text: str, override: Override) -> str:
    """What to type where the commas of several values belong to one, such as a path."""
    key, given = override.get_key_element(), text.partition("=")[2].strip()
    plain = "/" in given and not any(c in given for c in "()'\"")
    if not plain or not isinstance(override.value(), ChoiceSweep):
        return ""
    quoted = f'{key}="{given}"'
    return f" If the comma is part of it, type {shlex.quote(quoted)}."


def keys_given_twice(text: str) -> list[str]:
    """The names that stand twice in one `{...}` of a value; all but the last would be dropped."""
    if "{" not in text:
        return []
    twice: list[str] = []
    open_: list[set[str] | None] = []
    word, begins = "", False
    tokens = re.findall(
        r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[{}\[\](),:]|[^{}\[\](),:'\"]+", text
    )
    for token in tokens:
        if token in "{[(":
            open_.append(set() if token == "{" else None)
            begins = token == "{"
        elif token in "}])":
            if open_:
                open_.pop()
            begins = False
        elif token == ",":
            begins = bool(open_) and open_[-1] is not None
        elif token == ":" and begins and open_ and (names := open_[-1]) is not None:
            if word in names:
                twice.append(word)
            names.add(word)
            begins = False
        else:
            word = token.strip().strip("'\"")
    return twice
