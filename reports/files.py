"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from reports.errors import ReportError


def write_text(path: Path, text: str) -> None:
    """Replace a file as a whole; ReportError where that cannot be."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise ReportError(
            f"Cannot write {path}: {error.strerror or error}. Name another folder with --output."
        ) from error
