"""Texts with fields of a row in braces: "review: {text}"; a brace itself is written twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any

from lab.datasets.fields import value_at, way_of

ToText = Callable[[Mapping[str, Any]], str]


def columns(text: str) -> list[str]:
    """Return the fields that a template names, in order; "" for braces without a name.

    Raises ValueError for braces that are not closed.
    """
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def template(text: str) -> ToText:
    """Return what puts a row's fields into a text with their names in braces."""
    parts = [(before, name) for before, name, _, _ in Formatter().parse(text)]

    def render(row: Mapping[str, Any]) -> str:
        return "".join(b + ("" if name is None else field_text(row, name)) for b, name in parts)

    return render


def field_text(row: Mapping[str, Any], name: str) -> str:
    """Return a field's text; KeyError where the row has no such field."""
    value = value_at(row, way_of(row, name))
    if value is None:
        raise KeyError(name)
    return str(value)
