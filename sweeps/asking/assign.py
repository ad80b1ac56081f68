"""Setting one value in a composed configuration, and what is said where that cannot be."""

from __future__ import annotations

import difflib
import math
import re
import shlex
from collections.abc import Iterable
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

ACCEPTED = {
    "converted to Integer": "accepted is a whole number.",
    "converted to Float": "accepted is a number.",
    "not a valid bool": "accepted are true and false.",
    "not a ListConfig": "accepted is a list, such as [a,b].",
    "is not Optional": "null is no value of it. Give one, or leave it out.",
    "'None' for field of type": "null is no value there. Give one, or leave it out.",
    "to string": "accepted is a text.",
    "not a subclass of List": "accepted is a list of lists, such as [[a,b]].",
    "not a subclass of": "accepted are settings by name, such as {NAME: VALUE}.",
    "to dict[": "accepted are settings by name, such as {NAME: VALUE}.",
}
"""Words of OmegaConf's refusals, and what their users can type."""

_RANGE = re.compile(r"(\d{1,9})(?:\.\.\.?|-|:)(\d{1,9})")
"""How other languages write numbers from one to another."""
_FEW = 10
"""Numbers that are written out."""
_SHOWN = 4
"""Keys that a question names."""


def set_value(config: DictConfig, override: Override) -> str | None:
    """Set one value; the complaint where the key or its type refuses it."""
    key, text, value = override.key_or_group, override.input_line, override.value()
    whole = isinstance(value, dict) or "${" in str(value)
    # What stands there may refer to what is not: it is about to be replaced.
    there = OmegaConf.select(config, key, throw_on_resolution_failure=False)
    if isinstance(there, DictConfig) and not whole:
        return f"{text}: {_of_mapping(key, there)}"
    try:
        OmegaConf.update(config, key, value, merge=True, force_add=False)
    except (ConfigKeyError, ConfigAttributeError) as error:
        key = str(error.full_key or key)
        return f"{text}: unknown key {key!r}. {_nearest_key(key, config)}"
    except (OmegaConfBaseException, ValueError) as error:
        problem = str(error).splitlines()[0]
        known = [accepted for words, accepted in ACCEPTED.items() if words in problem]
        if isinstance(value, list) and value and not isinstance(there, ListConfig):
            return f"{text}: {several(key, value)}"
        return f"{text}: {known[0] if known else problem}{_meant_number(key, str(value), problem)}"
    return None


def several(key: str, values: Iterable[Any]) -> str:
    """What to type where several values of a key stand in brackets."""
    typed = ",".join(map(str, values))
    return f"several values have no brackets. Type {shlex.quote(f'{key}={typed}')}."


def _of_mapping(key: str, there: DictConfig) -> str:
    """What is said of a single value where there are settings by name."""
    names = [str(name) for name in there]
    if not names or not OmegaConf.is_struct(there):
        return ACCEPTED["to dict["]
    one = f"{key}.{names[0]}"
    return f"{key} has settings of its own. Type {one}=VALUE. Known: {', '.join(names)}."


def _meant_number(key: str, value: str, problem: str) -> str:
    """What to type for a range, a share in percent or a power of ten; nothing for another text."""
    whole = "converted to Integer" in problem
    if not whole and "converted to Float" not in problem:
        return ""
    if whole and (ends := _RANGE.fullmatch(value)):
        first, last = map(int, ends.groups())
        few = range(first, min(last, first + _FEW) + 1)
        typed = ",".join(map(str, few)) if last - first < _FEW else f"range({first},{last + 1})"
        return f" Type {shlex.quote(f'{key}={typed}')}." if few else ""
    try:
        number = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        return ""
    if not math.isfinite(number) or (whole and not number.is_integer()):
        return ""
    return f" Type {key}={int(number) if whole else f'{number:g}'}."


def _nearest_key(key: str, config: DictConfig) -> str:
    """The nearest key of all, and the names that stand where this one was looked for."""
    known = _flat_keys(config)
    ends = sorted(name for name in known if _abbreviates(key, name))
    if 0 < len(ends) <= _SHOWN:
        return f"Did you mean {' or '.join(ends)}?"
    parent = key.rpartition(".")[0]
    while parent and parent not in known:
        parent = parent.rpartition(".")[0]
    close = difflib.get_close_matches(key, sorted(known), n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    beside = sorted(name for name in known if name.rpartition(".")[0] == parent)
    return f"{hint}Known{f' in {parent}' if parent else ''}: {', '.join(beside)}."


def _abbreviates(key: str, name: str) -> bool:
    """Whether a key may stand for one of a group: `steps` for pretrain.steps, `lr` by letters."""
    _, dot, last = name.partition(".")
    return bool(dot) and key in (last, "".join(part[:1] for part in last.split("_")))


def _flat_keys(config: DictConfig) -> set[str]:
    """Every dotted key of a configuration, inner nodes included."""
    found: set[str] = set()

    def walk(node: Any, prefix: str) -> None:
        for key in node:
            dotted = f"{prefix}{key}"
            found.add(dotted)
            child = node._get_node(key)
            if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
                walk(child, f"{dotted}.")

    walk(config, "")
    return found
