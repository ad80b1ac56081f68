"""What can go wrong, named: each message says what was given and what to type next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The complaint about a name that is none of `known`, with the nearest one."""
    names = list(known)
    return f"Unknown {kind} '{name}'.{nearest(name, names)} Known: {', '.join(names)}."
