"""Standard output that any text can be written to: what it cannot show is replaced."""

from __future__ import annotations

import io
import sys


def replace_what_cannot_be_shown() -> None:
    """Have a terminal or file of few letters (ASCII, Latin-1) show a ? for each of the others."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
