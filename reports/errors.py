"""The error of this package, and how it names what is known."""

from __future__ import annotations

from sweeps.errors import SweepError


class ReportError(SweepError):
    """A mistake of the user's: what was given, what is accepted, what to type next."""
