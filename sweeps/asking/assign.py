"""Setting one value in a composed configuration, and what is said where that cannot be."""

from __future__ import annotations

import difflib
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
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


def set_value(config: DictConfig, override: Override) -> str | None:
    """Set one value; the complaint where the key or its type refuses it."""
    key, text, value = override.key_or_group, override.input_line, override.value()
    whole = isinstance(value, dict) or "${" in str(value)
    if isinstance(OmegaConf.select(config, key), DictConfig) and not whole:
        return f"{text}: {ACCEPTED['to dict[']}"
    try:
        OmegaConf.update(config, key, value, merge=True, force_add=False)
    except (ConfigKeyError, ConfigAttributeError) as error:
        key = str(error.full_key or key)
        return f"{text}: unknown key {key!r}. {_nearest_key(key, config)}"
    except (OmegaConfBaseException, ValueError) as error:
        problem = str(error).splitlines()[0]
        known = [accepted for words, accepted in ACCEPTED.items() if words in problem]
        return f"{text}: {known[0] if known else problem}"
    return None


def _nearest_key(key: str, config: DictConfig) -> str:
    """The nearest key of all, and the names that stand where this one was looked for."""
    known = _flat_keys(config)
    parent = key.rpartition(".")[0]
    while parent and parent not in known:
        parent = parent.rpartition(".")[0]
    close = difflib.get_close_matches(key, sorted(known), n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    beside = sorted(name for name in known if name.rpartition(".")[0] == parent)
    return f"{hint}Known{f' in {parent}' if parent else ''}: {', '.join(beside)}."


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
