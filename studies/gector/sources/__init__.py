"""Where pairs of sentences come from: a module a source, found by its name.

`identity(settings)` says in plain values what the pairs are made of, `pairs(config)` makes them of
that: rows of {source, target}, tokens between spaces.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, cast

from lab.datasets.embedded.splits import Row
from lab.errors import StudyError, unknown


class Source(Protocol):
    """A module of this package."""

    ARCHIVES: tuple[str, ...]
    """What is fetched for it."""

    def identity(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """All that decides which pairs there are. Raises DataError."""

    def pairs(self, config: Mapping[str, Any]) -> Iterator[Row]:
        """The pairs of an identity. Raises DataError."""


def source_names() -> list[str]:
    """The sources by name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def get_source(name: str) -> Source:
    """The source of a name. Raises StudyError."""
    if name not in source_names():
        raise StudyError(unknown("source of pairs", name, source_names()))
    return cast(Source, importlib.import_module(f"{__name__}.{name}"))
