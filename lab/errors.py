"""What can go wrong, named: each message says what was given and what to type next."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class StudyError(Exception):
    """The root of what this study raises on purpose."""


class DataError(StudyError):
    """Data that cannot be fetched, read or recognized."""


class ModelError(StudyError):
    """A model that cannot be built, read or fed as asked."""


class DivergedError(StudyError):
    """A loss that is not finite: the run is over, and trying again would not help."""

    failure_kind = "diverged"


def nearest(name: str, known: Iterable[str]) -> str:
    """The hint " Did you mean 'x'?" with the known name closest to `name`, or nothing."""
    close = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.4)
    return f" Did you mean '{close[0]}'?" if close else ""


def nearest_path(path: str | os.PathLike[str]) -> str:
    """The hint with the file or folder beside `path` whose name is closest, or nothing."""
    place = Path(os.path.expanduser(path))
    with suppress(OSError):
        names = os.listdir(place.parent)
        if close := difflib.get_close_matches(place.name, names, n=1, cutoff=0.6):
            return f" Did you mean '{os.path.join(os.path.dirname(path), close[0])}'?"
    return ""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The complaint about a name that is none of `known`, with the nearest one."""
    names = list(known)
    return f"Unknown {kind} '{name}'.{nearest(name, names)} Known: {', '.join(names)}."
