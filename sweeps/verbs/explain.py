"""Why two keys differ, field by field, down to the stage where the difference begins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sweeps.digests import DESCRIPTION
from sweeps.errors import SweepError
from sweeps.running.code import CHANGES
from sweeps.stage import canonical
from sweeps.store import Store, read_json
from sweeps.verbs.address import RecordedCell, find, identity, known_stages

_INDENT = "  "
_ABSENT = "(absent)"


def explain(store: Store, first: str, second: str | None = None) -> list[str]:
    """Lines that say why the stages or cells `first` and `second` are not the same.

    Without a second word a stage is compared with the finished stage of its name that differs
    least: the one a reader may have expected to be reused.
    """
    a = find(store, first)
    if second is None:
        if isinstance(a, RecordedCell):
            raise SweepError(f"{first!r} is a cell: name the cell to compare it with.")
        b: str | RecordedCell = _closest(store, a)
    else:
        b = find(store, second)
    if isinstance(a, RecordedCell) and isinstance(b, RecordedCell):
        return _explain_cells(store, a, b)
    if isinstance(a, RecordedCell) or isinstance(b, RecordedCell):
        raise SweepError(f"{first!r} and {second!r} are a cell and a stage: name two of a kind.")
    return list(_explain_stages(store, a, b, seen=set()))


def differences(a: Any, b: Any, where: str) -> Iterator[str]:
    """One line for each leaf in which two configurations differ: `where: value of a | of b`."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for name in sorted({*a, *b}):
            yield from differences(a.get(name, _ABSENT), b.get(name, _ABSENT), f"{where}.{name}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from differences(one, other, f"{where}[{index}]")
    elif json.dumps(a) != json.dumps(b):
        yield f"{where}: {_shown(a)} | {_shown(b)}"


def _explain_stages(store: Store, a: str, b: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    if a == b:
        yield f"{identity(store, a)['name']} {a} is one and the same stage."
        return
    one, other = identity(store, a), identity(store, b)
    yield f"{one['name']} {a} | {other['name']} {b}"
    if (a, b) in seen:
        yield f"{_INDENT}as above"
        return
    seen.add((a, b))
    for field in ("name", "version"):
        if one[field] != other[field]:
            yield f"{_INDENT}{field}: {_shown(one[field])} | {_shown(other[field])}"
    for line in differences(one["config"], other["config"], "config"):
        yield _INDENT + line
    yield from _code(store, (one["name"], a), (other["name"], b))
    for role in sorted({*one["inputs"], *other["inputs"]}):
        left, right = one["inputs"].get(role), other["inputs"].get(role)
        if left is None or right is None:
            yield f"{_INDENT}input {role}: {left or _ABSENT} | {right or _ABSENT}"
        elif left != right:
            first, *rest = _explain_stages(store, left, right, seen)
            yield f"{_INDENT}input {role}: {first}"
            yield from (_INDENT + line for line in rest)


def _code(store: Store, *stages: tuple[str, str]) -> Iterator[str]:
    """What two finished stages ran, where that differs: no part of a key."""
    ran = []
    for name, key in stages:
        place = store.find_key(name, key)
        made = (read_json(place / DESCRIPTION) or {}).get("provenance") if place else None
        if not isinstance(made, Mapping):
            return
        commit = made.get("git_commit")
        text = f"commit {commit[:10]}" if commit else f"package {str(made.get('source'))[:10]}"
        if made.get("git_diff"):
            text += f" with {name}/{key}/{CHANGES}"
        ran.append((text, commit, made.get("git_diff"), made.get("source")))
    if ran[0][1:] != ran[1][1:]:
        yield f"{_INDENT}code (in no key): {ran[0][0]} | {ran[1][0]}"


def _explain_cells(store: Store, a: RecordedCell, b: RecordedCell) -> list[str]:
    lines = [f"cell {a.name} | {b.name}"]
    found = list(differences(canonical(a.config), canonical(b.config), "config"))
    lines += [_INDENT + line for line in found] or [_INDENT + "their configurations are equal"]
    shared = set(a.stages) & set(b.stages)
    lines.append(
        f"{_INDENT}{len(shared)} stages shared, {len(a.stages) - len(shared)} | "
        f"{len(b.stages) - len(shared)} of their own"
    )
    seen: set[tuple[str, str]] = set()
    for task in sorted({*a.scores, *b.scores}):
        left, right = a.scores.get(task), b.scores.get(task)
        if left is None or right is None:
            lines.append(f"{task}: {left or _ABSENT} | {right or _ABSENT}")
        elif left != right:
            first, *rest = _explain_stages(store, left, right, seen)
            lines += [f"{task}: {first}", *rest]
    return lines


def _closest(store: Store, key: str) -> str:
    name = identity(store, key)["name"]
    others = [
        other
        for other, known in known_stages(store).items()
        if known == name and other != key and store.find_key(name, other) is not None
    ]
    if not others:
        raise SweepError(f"No other {name} stage is finished in {store.path} to compare it with.")

    def distance(other: str) -> tuple[int, str]:
        return len(list(_explain_stages(store, key, other, seen=set()))), other

    return min(others, key=distance)


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return _ABSENT
    text = json.dumps(value)
    return text if len(text) <= 100 else text[:97] + "..."
