"""What can go wrong, named: each message says what was given and what to type next."""

from __future__ import annotations


class StudyError(Exception):
    """The root of what this study raises on purpose."""


class DataError(StudyError):
    """Data that cannot be fetched, read or recognized."""


class DivergedError(StudyError):
    """A loss that is not finite: the run is over, and trying again would not help."""

    failure_kind = "diverged"
