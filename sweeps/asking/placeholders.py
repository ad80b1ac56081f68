"""Placeholders in the labels of a sweep file, so that a label says what really ran."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sweeps.errors import ConfigurationError, nearest

PLACEHOLDER = re.compile(r"\{([\w.]+)(?:!=([^{}|]*)(?:\|([^{}]*))?)?\}")


def fill(label: str, config: Mapping[str, Any]) -> str:
    """The label with each `{dotted.key}` replaced by its value in a resolved configuration.

    `{dotted.key!=usual}` becomes nothing where the value is the usual one, else " (value)", and
    `{dotted.key!=usual|words}` then " (value words)".
    Raises ConfigurationError for a key that is not there.
    """

    def value(match: re.Match[str]) -> str:
        shown = _shown(_look_up(config, match[1]))
        if match[2] is None:
            return shown
        return "" if shown == match[2] else f" ({' '.join([shown, *filter(None, [match[3]])])})"

    return PLACEHOLDER.sub(value, label)


def strip(label: str) -> str:
    """The label without its placeholders."""
    return " ".join(PLACEHOLDER.sub("", label).split())


def _look_up(config: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        if not isinstance(config, Mapping) or part not in config:
            known = config if isinstance(config, Mapping) else ()
            near = nearest(part, list(map(str, known)))
            raise ConfigurationError([f"{{{dotted}}} in its label: no key {dotted!r}. {near}"])
        config = config[part]
    return config


def _shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return str(value)
    # Large sizes are written as the papers of the field do.
    if value >= 2**16 and value & (value - 1) == 0:
        return f"2^{value.bit_length() - 1}"
    return f"{value:,}"
