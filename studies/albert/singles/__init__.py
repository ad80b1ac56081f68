"""What becomes of a chunk of one line, which has no second segment: a way a file, by its name.

A way changes the pairs of chunks that are `single` (C,), and says which chunks (C,) are rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.errors import StudyError, unknown
from lab.named import modules_of

Singles = Callable[[Any, Any, Any], Any]
"""(pairs, single, rng) -> which chunks are rows."""


def singles_names() -> list[str]:
    """The known ways, sorted."""
    return sorted(_known())


def get_singles(name: str) -> Singles:
    """The way of this name. Raises StudyError."""
    known = _known()
    if name not in known:
        raise StudyError(unknown("way of chunks of one line", name, known))
    return known[name]


def _known() -> dict[str, Singles]:
    return {m.__name__.rpartition(".")[2]: m.pair for m in modules_of(__name__)}
