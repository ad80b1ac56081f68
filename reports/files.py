"""Files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

from reports.errors import ReportError
from sweeps.files import replacing


def write_text(path: Path, text: str) -> None:
    """Replace a file as a whole; ReportError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not synced: what a power cut takes of a report can be made again.
        with replacing(path, sync=False) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(
            f"Cannot write {path}: {error.strerror or error}. Name another folder with --output."
        ) from error
