"""Standard output that loses no result: what it cannot show is replaced, a failure remembered."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

REPLACEMENTS = {
    "★": "*",
    "—": "-",
    "–": "-",
    "−": "-",
    "×": "x",
    "·": ".",
    "±": "+-",
    "→": "->",
    "←": "<-",
    "›": ">",
    "≥": ">=",
    "≤": "<=",
    "≈": "~",
    "…": "...",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "ß": "ss",
    "✓": "+",
    "✗": "x",
}
"""What stands for a character that a terminal's encoding does not have."""
HANDLER = "readable"


def readable(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: ASCII that a reader takes for what could not be written."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(map(_plain, wrong)), error.end


def _plain(character: str) -> str:
    if character in REPLACEMENTS:
        return REPLACEMENTS[character]
    simple = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return simple or "?"


codecs.register_error(HANDLER, readable)


class Screen:
    """A stream that goes on where its reader has gone or its disk is full, and remembers why.

    A stream that was closed before we began is one of these too.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.failure: str | None = None if stream is not None else "it is closed"
        """Why something could not be written; None while all was."""
        self.left = False
        """Whether the reader went away, as `| head` does."""
        self._stream = stream if stream is not None else io.StringIO()

    def write(self, text: str) -> int:
        """As a stream's; never raises for what is on the other side."""
        if self.failure is None:
            try:
                return self._stream.write(text)
            except (OSError, ValueError) as error:
                self._give_up(error)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As a stream's."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """As a stream's; never raises for what is on the other side."""
        if self.failure is None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._give_up(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self, error: OSError | ValueError) -> None:
        self.left = isinstance(error, BrokenPipeError)
        self.failure = (isinstance(error, OSError) and error.strerror) or str(error)
        # What is still buffered would fail once more when Python ends.
        with suppress(OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)


@contextmanager
def screen() -> Iterator[Screen]:
    """Standard output as a Screen; there and on standard error, what has no code is replaced."""
    before = sys.stdout
    if isinstance(before, Screen):
        yield before
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.reconfigure(errors=HANDLER)  # type: ignore[union-attr]
    ours = Screen(before)
    sys.stdout = ours
    try:
        yield ours
    finally:
        ours.flush()
        sys.stdout = before
