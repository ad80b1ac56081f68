"""Standard output that cannot show something, or takes nothing."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.screen import HANDLER, Screen, screen


@given(text=st.text(), encoding=st.sampled_from(["ascii", "latin-1", "cp1252", "cp437", "utf-8"]))
def test_any_text_can_be_written_in_any_encoding(text: str, encoding: str) -> None:
    """And what the encoding has is left alone."""
    written = text.encode(encoding, HANDLER).decode(encoding)
    assert text.isascii() <= (written == text)


def test_a_reader_still_knows_what_is_meant() -> None:
    """Star, dash and signs of a table by their look; a letter without its accent."""
    assert "★ Größe ≥ 中 — ±".encode("ascii", HANDLER) == b"* Grosse >= ? - +-"


def test_a_narrow_stream_takes_the_star(monkeypatch: pytest.MonkeyPatch) -> None:
    """As PYTHONIOENCODING=latin-1 makes it."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    with screen():
        print("★ Größe —")
    sys.stdout.flush()
    assert raw.getvalue().decode("latin-1") == "* Größe -\n"


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


class Left(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize(
    ("stream", "failure", "left"),
    [
        (Full(), "No space left on device", False),
        (Left(), "Broken pipe", True),
        (None, "it is closed", False),
        (io.StringIO(), None, False),
    ],
)
def test_a_stream_that_takes_nothing_is_remembered(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None, failure: str | None, left: bool
) -> None:
    """Nothing is raised, and the stream from before stands there again."""
    monkeypatch.setattr(sys, "stdout", stream)
    with screen() as shown:
        print("a line")
        print("another", flush=True)
    assert (shown.failure, shown.left) == (failure, left)
    assert sys.stdout is stream


def test_a_screen_inside_of_another_is_the_same() -> None:
    """run.py opens one, and the table's command too."""
    with screen() as outer, screen() as inner:
        assert inner is outer
        assert isinstance(sys.stdout, Screen)
