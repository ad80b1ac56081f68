"""What to call the rows of a grid, so that a table of them can be read without knowing its keys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from pathlib import PurePosixPath

from sweeps.constraints import bounded

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NAMELESS = frozenset({"none", "null", "true", "false", "yes", "no", "on", "off"})
"""Values that say nothing without the words of their key."""

FEW = 6
"""Values of an axis that a title lists."""

Axis = Sequence[str]
"""The choices of one swept key, as overrides."""


def shares(schema: type | None) -> frozenset[str]:
    """The keys of a study's schema whose values are shares, read best in percent."""
    paths = bounded(schema) if schema else ()
    return frozenset(".".join(path) for path, bounds in paths if bounds.get("percent"))


def labels(axes: Sequence[Axis], percent: frozenset[str]) -> dict[tuple[str, ...], str]:
    """A label for each combination of choices: `span, 15%` for objective=span corruption=0.15.

    A value that does not speak for itself stands behind the words of its key. Where two rows
    would have one label, all have their overrides as typed.
    """
    names = words([axis[0].partition("=")[0] for axis in axes])
    shown = [_shown(axis, names, percent) for axis in axes]
    for i, j in combinations(range(len(axes)), 2):
        if {*shown[i].values()} & {*shown[j].values()}:
            for k in (i, j):
                name = names[_key(axes[k][0])]
                shown[k] = {text: f"{name}={value}" for text, value in shown[k].items()}
    rows = list(product(*axes))
    found = {
        row: ", ".join(of[text] for of, text in zip(shown, row, strict=True)) or "baseline"
        for row in rows
    }
    if len({*found.values()}) < len(found):
        return {row: typed(row) for row in rows}
    return found


def typed(overrides: Sequence[str]) -> str:
    """A row's overrides as one label."""
    return ", ".join(overrides)


def words(keys: Sequence[str]) -> dict[str, str]:
    """Words for each key: those of its last part, or of all where two keys share the last."""
    last = [key.rpartition(".")[2] for key in keys]
    return {
        key: _plain(end if last.count(end) == 1 else key.replace(".", " "))
        for key, end in zip(keys, last, strict=True)
    }


def title(axes: Sequence[Axis], percent: frozenset[str]) -> str:
    """What a grid varies, with the values of each axis."""
    names = words([axis[0].partition("=")[0] for axis in axes])
    parts = []
    for axis in axes:
        values = [_value(text, _key(text) in percent) for text in axis]
        listed = ", ".join(values) if len(values) <= FEW else f"{len(values)} values"
        parts.append(f"{names[_key(axis[0])]} ({listed})")
    return f"Scores by {' and '.join([', '.join(parts[:-1]), parts[-1]] if parts[1:] else parts)}"


def _shown(axis: Axis, names: Mapping[str, str], percent: frozenset[str]) -> dict[str, str]:
    """How each choice of an axis reads."""
    values = {text: _value(text, _key(text) in percent) for text in axis}
    nameless = any(_NUMBER.fullmatch(v) or v.lower() in _NAMELESS for v in values.values())
    name = names[_key(axis[0])]
    return {text: f"{name}={value}" if nameless else value for text, value in values.items()}


def _key(override: str) -> str:
    return override.partition("=")[0]


def _value(override: str, share: bool) -> str:
    """A value as it reads: a share in percent, a file without its folder."""
    value = override.partition("=")[2].strip("'\"")
    if share and _NUMBER.fullmatch(value):
        return f"{100 * float(value):g}%"
    return PurePosixPath(value).name if "/" in value else value


def _plain(key: str) -> str:
    return re.sub(r"[_@/]+", " ", key.lstrip("+~")).strip()
