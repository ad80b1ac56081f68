"""The log of a stage: all that its process prints, of every attempt."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sweeps.store import Store, store_errors

LOG = "log.txt"


@contextlib.contextmanager
def captured(path: Path) -> Iterator[None]:
    """Send all that this process and its children print into a file, Python's or not."""
    with store_errors("write a log", path):
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    saved = {number: os.dup(number) for number in (1, 2)}
    streams = sys.stdout, sys.stderr
    _flush(*streams)
    for number in saved:
        os.dup2(target, number)
    os.close(target)
    sys.stdout = sys.stderr = _wherever_it_leads()
    try:
        yield
    finally:
        _flush(sys.stdout, *streams)
        sys.stdout, sys.stderr = streams
        for number, copy in saved.items():
            os.dup2(copy, number)
            os.close(copy)


@functools.cache
def _wherever_it_leads() -> io.TextIOWrapper:
    """A stream on descriptor 2, never closed: libraries that log keep the one they find first."""
    raw = io.FileIO(2, "wb", closefd=False)
    return io.TextIOWrapper(raw, "utf-8", errors="backslashreplace", write_through=True)


def gather_logs(earlier: list[Path], newest: Path, target: Path) -> None:
    """One log of all attempts, oldest first, so that none goes with the work folders.

    `earlier` are the work folders of the attempts before, newest first.
    """
    before = [folder / LOG for folder in reversed(earlier) if (folder / LOG).is_file()]
    if not before:
        os.rename(newest, target)
        return
    with target.open("wb") as whole:
        for path in [*before, newest]:
            whole.write(f"--- attempt {path.parent.name}\n".encode())
            with path.open("rb") as part:
                shutil.copyfileobj(part, whole)


def find_logs(store: Store, name: str, key: str) -> list[Path]:
    """The logs there are of a stage: the finished one's, or each attempt's, oldest first."""
    final = store.find_key(name, key)
    if final is not None:
        return [final / LOG]
    attempts = reversed(store.earlier_work(key, sys.maxsize))
    return [folder / LOG for folder in attempts if (folder / LOG).is_file()]


def _flush(*streams: Any) -> None:
    for stream in streams:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
