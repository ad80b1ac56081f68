"""Amounts in words, as exactly as a plan knows them: two digits of what is a guess."""

from __future__ import annotations

import math
from collections.abc import Sequence

UNKNOWN = "not known"
DIGITS = 2


def rounded(value: float, digits: int = DIGITS) -> str:
    """A number of so many digits: 1,234 is 1,200, and 0.0456 is 0.046."""
    if not value:
        return "0"

    def places(number: float) -> int:
        return digits - 1 - math.floor(math.log10(abs(number)))

    number = round(value, places(value))
    text = f"{number:,.{max(0, places(number))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(seconds: float | None) -> str:
    """A time in seconds, minutes or hours; None is a time that nobody knows."""
    if seconds is None:
        return UNKNOWN
    if seconds < 1:
        return "under 1 second"
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= size:
            return _counted(rounded(seconds / size), unit)
    return _counted(rounded(seconds), "second")


def gib(count: float) -> str:
    """Bytes as GiB."""
    return f"{rounded(count / 2**30)} GiB"


def size(count: float) -> str:
    """Bytes with the unit of a thousand that suits them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{rounded(count)} {unit}"
        count /= 1000
    return f"{rounded(count)} TB"


def _counted(amount: str, unit: str) -> str:
    return f"{amount} {unit}" if amount == "1" else f"{amount} {unit}s"


def some_of(names: Sequence[str], most: int = 3) -> str:
    """The first names, and how many more there are: `a, b, c and 2 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
