"""The shapes of the JSON files of a store: what their readers may rely on, checked in one place.

A store is shared, copied and imported, so that any file of it may be cut off, edited by hand or
of another program. A shape is a type, a tuple of the types that are accepted, a list with the one
shape of its items, a mapping of field names (`name?` may be absent) or of any name (`*`), or a
function that says what it expects where a value is not that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeGuard

from sweeps.columns import recorded_columns
from sweeps.errors import ColumnError

ANY = "*"
_IT = "it"


@dataclass(frozen=True)
class Maybe:
    """Nothing, or a value of this shape."""

    shape: Any


_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    type(None): "nothing",
}
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_KEY = re.compile(r"[^/\0.][^/\0]*")


def complaint(value: Any, shape: Any, where: str = "") -> str | None:
    """What is wrong with a value, and where; None for one of this shape."""
    kind = type(shape)
    if kind is type or kind is tuple:
        accepted = shape if kind is tuple else (shape,)
        if type(value) in accepted and not _is_endless(value):
            return None
        if float in accepted and type(value) is int:
            return None
        return _expected(where, " or ".join(_NAMES[one] for one in accepted))
    if kind is Maybe:
        return None if value is None else complaint(value, shape.shape, where)
    if kind is list:
        if type(value) is not list:
            return _expected(where, "a list")
        for index, item in enumerate(value):
            if told := complaint(item, shape[0]):
                return _below(f"{where}[{index}]", told)
        return None
    if kind is dict:
        if type(value) is not dict:
            return _expected(where, "an object")
        return _of_fields(value, shape, where)
    told = shape(value)
    return _expected(where, told) if told else None


def _of_fields(value: dict[str, Any], shape: Mapping[str, Any], where: str) -> str | None:
    inner = shape.get(ANY)
    if inner is not None:
        for name, item in value.items():
            if told := complaint(item, inner):
                return _below(f"{where}.{name}" if where else name, told)
        return None
    for field, inner in shape.items():
        name = field.removesuffix("?")
        if name in value:
            if told := complaint(value[name], inner):
                return _below(f"{where}.{name}" if where else name, told)
        elif name == field:
            return f"{where or _IT} lacks {name!r}"
    return None


def _below(where: str, told: str) -> str:
    """A complaint about a part, said of where the part stands."""
    if told.startswith(f"{_IT} "):
        return where + told.removeprefix(_IT)
    return f"{where}{told}" if told.startswith("[") else f"{where}.{told}"


def _is_endless(value: Any) -> bool:
    return type(value) is float and not math.isfinite(value)


def _expected(where: str, what: str) -> str:
    return f"{where or _IT} is not {what}"


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[Any], str | None]:
    def look(value: Any) -> str | None:
        return None if isinstance(value, str) and pattern.fullmatch(value) else what

    return look


def _sweep_name(value: Any) -> str | None:
    """A sweep's name becomes part of paths: nothing may lead out of the store."""
    if isinstance(value, str) and value and "\0" not in value:
        path = PurePosixPath(value)
        if not path.is_absolute() and ".." not in path.parts and len(path.parts) <= 2:
            return None
    return "the name of a sweep"


def _file_name(value: Any) -> str | None:
    plain = isinstance(value, str) and value not in ("", ".", "..") and not {*"/\0"} & {*value}
    return None if plain else "the name of a file"


_TEXT = (str, type(None))
_STAGE = _matching(_STAGE_NAME, "the name of a stage")
_KEYED = _matching(_KEY, "a key")
_CELL = {
    "seed": int,
    "config": dict,
    "scores": {ANY: _KEYED},
    "stages": [_KEYED],
    "absent?": {ANY: str},
}
_ROW = {
    "label": str,
    "name?": _TEXT,
    "overrides?": [str],
    "baseline?": bool,
    "cells": [_CELL],
}
_AXIS = {
    "name": str,
    "candidates": list,
    "winner?": _TEXT,
    "why?": _TEXT,
    "scores?": Maybe({ANY: (float, type(None))}),
}
_SEARCH = {
    "score": str,
    "ruler?": (float, type(None)),
    "axes": [_AXIS],
    "failures?": [{ANY: int}],
}
_CLAIM = {
    "that": str,
    "left": str,
    "right": str,
    "relation": str,
    "over?": Maybe([str]),
    "within?": (float, type(None)),
    "columns?": [str],
    "section?": _TEXT,
    "note?": _TEXT,
    "ruler?": Maybe({"deviation": float, "runs": int, "source": str}),
    "number?": int,
    "step?": int,
}
_CLAIMS = {
    "level": float,
    "list": [_CLAIM],
    "most?": int,
    "looks?": [{ANY: int}],
    "failures?": [{ANY: int}],
    "further?": {"device": str, "rows": {ANY: {ANY: {"flops": float, "seconds": float}}}},
}
_RECORD = {
    "id?": _sweep_name,
    "name?": _sweep_name,
    "order?": int,
    "title?": _TEXT,
    "section?": (str, int, float, type(None)),
    "study?": _TEXT,
    "created?": str,
    "command?": [str],
    "sweep_file?": Maybe({"name?": _TEXT, "sha256?": _TEXT}),
    "figure?": {ANY: str},
    "common?": [str],
    "asked?": [str],
    "seeds?": {ANY: int},
    "columns?": [dict],
    "references?": [{"label": str, "file": _file_name}],
    "footnotes?": [str],
    "rows": [_ROW],
    "search?": Maybe(_SEARCH),
    "claims?": Maybe(_CLAIMS),
    "stages": {
        ANY: {
            "name": _STAGE,
            "label?": _TEXT,
            "inputs?": {ANY: _KEYED},
            "flops?": (float, type(None)),
        }
    },
}
_SPEC = {
    "name": _STAGE,
    "key": _KEYED,
    "version": int,
    "config": dict,
    "inputs": {ANY: _KEYED},
    "run": str,
    "cost": dict,
    "execution?": dict,
}
_FAILURE = {"key?": str, "attempt?": int, "kind?": str, "error?": str, "log?": str}
BEAT = {"count": int, "state": str}
_SUBMISSION = {
    "token": _KEYED,
    "elements": [[_KEYED]],
    "attempts": {ANY: int},
    "options": dict,
    "time_minutes": int,
    "max_requeues": int,
    "created": float,
    "decides?": _TEXT,
    "job?": _TEXT,
    "closed?": bool,
}
_ENDING = {"state": str, "reason": str}
HOLDER = {
    "host": str,
    "boot_id": _TEXT,
    "pid_ns": _TEXT,
    "pid": int,
    "start_time": (int, type(None)),
    "token": str,
    "interval?": float,
}


def record_fault(value: Any) -> str | None:
    """Why a file's content is not the record of a sweep; None for one."""
    if told := complaint(value, _RECORD):
        return told
    try:
        recorded_columns(value)
    except ColumnError as error:
        return str(error)
    for axis in (value.get("search") or {}).get("axes", ()):
        if axis.get("winner") is not None and axis["winner"] not in (axis.get("scores") or {}):
            return f"the search's winner {axis['winner']!r} has no score"
    for row in value["rows"]:
        for cell in row["cells"]:
            if strangers := [key for key in cell["stages"] if key not in value["stages"]]:
                return f"stages lacks {strangers[0]}, which the row {row['label']!r} names"
    return None


def is_record(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a file's content is the record of a sweep."""
    return record_fault(value) is None


def is_spec(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a file's content is the specification of a stage."""
    return complaint(value, _SPEC) is None


def is_identity(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a finished stage's stage.json says of what its key is made."""
    identity = {name: _SPEC[name] for name in ("version", "config", "inputs")}
    return complaint(value, identity) is None


def is_failure(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a file's content tells of a failed attempt at a stage."""
    return complaint(value, _FAILURE) is None


def is_submission(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a file's content is what a command noted of an array of jobs."""
    return complaint(value, _SUBMISSION) is None


def is_ending(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a file's content is a job's word about a stage that it did not finish."""
    return complaint(value, _ENDING) is None
