"""What a dataclass of settings says of its values: their types, and the bounds beside each field.

A field's metadata may hold `more_than` or `least`, `less_than` or `most`, with a `unit`; or
`choices`; and `accepted`, which a complaint then says in place of "must be ...". Bounds of a field
that holds a list or values by name are bounds of each of them. `percent` beside them says that
the value is a share, which reads best in percent. A key that is a word of Python's own is a field
with an underscore behind it: `from_` is the key `from`.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from keyword import iskeyword
from typing import Any, Union, get_args, get_origin, get_type_hints

Path = tuple[str, ...]
ANY = "*"
"""In a path: whatever stands at this place, by name or by number."""
BOUNDS = ("more_than", "least", "less_than", "most", "choices")


def key_of(field: str) -> str:
    """The key that a field of this name is in a configuration."""
    return field[:-1] if field.endswith("_") and iskeyword(field[:-1]) else field


def instance(schema: type, values: Mapping[str, Any]) -> Any:
    """The settings as an instance of the dataclass; a key that it lacks is left out.

    The values have the right types already: a composed configuration, or one of a record.
    """
    convert = _converter(schema)
    return convert(values) if convert else values


def complaints(schema: type, values: Mapping[str, Any]) -> list[str]:
    """What lies outside of the bounds of the dataclass' fields, one line each."""
    return [
        line
        for path, metadata in bounded(schema)
        for key, value in _at(path, values)
        if (line := complaint(key, value, metadata))
    ]


@cache
def bounded(schema: type) -> tuple[tuple[Path, Mapping[str, Any]], ...]:
    """The paths of the fields that have bounds, and their metadata."""
    return tuple(_bounded(schema))


def _bounded(schema: type) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    hints = get_type_hints(schema)
    for field in fields(schema):
        steps, kind = _inside(hints[field.name])
        if any(bound in field.metadata for bound in BOUNDS):
            yield (key_of(field.name), *steps), field.metadata
        elif is_dataclass(kind) and isinstance(kind, type):
            for path, metadata in _bounded(kind):
                yield (key_of(field.name), *steps, *path), metadata


def _inside(kind: Any) -> tuple[Path, Any]:
    """The steps through mappings and lists to what they hold, and its type."""
    kind = _given(kind)
    if get_origin(kind) in (dict, list):
        steps, inner = _inside(get_args(kind)[-1])
        return (ANY, *steps), inner
    return (), kind


def _given(kind: Any) -> Any:
    """The type without `| None`."""
    if get_origin(kind) in (Union, types.UnionType):
        others = [one for one in get_args(kind) if one is not type(None)]
        return others[0] if len(others) == 1 else kind
    return kind


def _at(path: Path, value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted keys that a path leads to, and their values; nothing where something is null."""
    if not path:
        yield key, value
        return
    step, *rest = path
    found: list[tuple[str, Any]] = []
    if step == ANY and isinstance(value, list | tuple):
        found = [(f"{key}[{number}]", one) for number, one in enumerate(value)]
    elif isinstance(value, Mapping):
        names = value if step == ANY else (step,)
        found = [(f"{key}.{name}" if key else name, value[name]) for name in names if name in value]
    for below, one in found:
        yield from _at(tuple(rest), one, below)


def complaint(key: str, value: Any, bounds: Mapping[str, Any]) -> str | None:
    """The sentence about a value outside of its bounds."""
    if value is None:
        return None
    choices = bounds.get("choices")
    if choices is not None:
        *others, last = map(str, choices)
        accepted = f"{', '.join(others)} and {last}" if others else last
        return None if value in choices else f"{key}={value}: accepted are {accepted}."
    if isinstance(value, float) and math.isnan(value):
        return f"{key}=nan: must be a number."
    if isinstance(value, float) and math.isinf(value):
        return f"{key}={value}: must be finite."
    reason = _reason(value, bounds)
    if reason is None:
        return None
    unit = f" {bounds['unit']}" if "unit" in bounds else ""
    shown = f"{value:g}" if isinstance(value, float) else value
    return f"{key}={shown}: {bounds.get('accepted', f'must be {reason}{unit}')}."


def _reason(value: float, bounds: Mapping[str, Any]) -> str | None:
    """What a finite number must be and is not."""
    more_than, least = bounds.get("more_than", -math.inf), bounds.get("least", -math.inf)
    less_than, most = bounds.get("less_than", math.inf), bounds.get("most", math.inf)
    low, high = value <= more_than or value < least, value >= less_than or value > most
    if not (low or high):
        return None
    if "less_than" in bounds and ("least" in bounds or "more_than" in bounds):
        if "least" in bounds:
            return f"between {least} and {less_than}, {least} included"
        return f"between {more_than} and {less_than}, both excluded"
    if low:
        return f"{least} or more" if "least" in bounds else f"greater than {more_than}"
    return f"{most:,} or less" if "most" in bounds else f"less than {less_than:,}"


@cache
def _converter(kind: Any) -> Callable[[Any], Any] | None:
    """What makes a value of this type of plain values; None where they are one already."""
    kind = _given(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        parts = {field.name: _converter(hints[field.name]) for field in fields(kind)}

        def build(values: Any) -> Any:
            if not isinstance(values, Mapping):
                return values
            return kind(
                **{
                    name: convert(values[key]) if convert else values[key]
                    for name, convert in parts.items()
                    if (key := key_of(name)) in values
                }
            )

        return build
    origin, arguments = get_origin(kind), get_args(kind)
    inner = _converter(arguments[-1]) if origin in (dict, list) else None
    if inner is None:
        return None
    if origin is dict:
        return lambda values: values and {name: inner(one) for name, one in values.items()}
    return lambda values: values and [inner(one) for one in values]
