"""What a study claims of its axes: asked of a grid whose rows have the values that it names.

`claims.axes` of its configuration holds them, written with values in the place of rows:
`corruption=0.25 ~ corruption=0.15`. Rows that have these values and are otherwise alike are what a
claim is about, each such set of rows for itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from sweeps.asking.rows import Sweep
from sweeps.claims.statement import BETWEEN
from sweeps.errors import ConfigurationError

_NAME = "name"
"""What a folder of conf/ is chosen by."""


def claims_of_axes(entries: Sequence[Any], sweep: Sweep) -> list[dict[str, Any]]:
    """The claims that a sweep's rows have all values for, about these rows by their labels.

    Raises ConfigurationError for one that sets no values of one key side by side.
    """
    return [entry for one in entries for entry in _of_rows(one, sweep)]


def _of_rows(entry: Any, sweep: Sweep) -> Iterator[dict[str, Any]]:
    key, values, relations = _read(entry)
    alike: dict[str, dict[str, str]] = {}
    for row in sweep.rows:
        value, rest = _apart(row.cells[0].config, key.split("."))
        alike.setdefault(_text(rest), {})[_text(value)] = row.label
    for labels in alike.values():
        rows = [labels.get(_text(value)) for value in values]
        if None not in rows:
            words = [word for pair in zip(rows, [*relations, ""], strict=True) for word in pair]
            yield {**entry, "that": " ".join(map(str, words)).strip()}


def _read(entry: Any) -> tuple[str, list[Any], list[str]]:
    """The key of a claim's values, the values, and what stands between them."""
    that = entry.get("that") if isinstance(entry, Mapping) else None
    parts = BETWEEN.split(that) if isinstance(that, str) else []
    sides = [side.strip().partition("=") for side in parts[::2]]
    if len(sides) < 2 or len({key for key, _, _ in sides}) > 1 or not all(v for _, _, v in sides):
        raise ConfigurationError(
            [
                f"claims.axes: {entry!r} is no claim about an axis; accepted are values of one "
                "key, such as {that: corruption=0.25 ~ corruption=0.15, within: 1.0}. Type "
                "claims.axes=[] to leave such claims out."
            ]
        )
    return sides[0][0], [yaml.safe_load(value) for _, _, value in sides], parts[1::2]


def _apart(config: Mapping[str, Any], path: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """What a configuration has under a key, a folder's name for a folder, and all the rest."""
    first, *others = path
    value = config.get(first)
    rest = {key: one for key, one in config.items() if key != first}
    if others and isinstance(value, Mapping):
        value, rest[first] = _apart(value, others)
    elif isinstance(value, Mapping):
        value = value.get(_NAME)
    return value, rest


def _text(value: Any) -> str:
    """A value as a text that equal ones have in common: 3 is 3.0."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    return json.dumps(value, sort_keys=True, default=str)
