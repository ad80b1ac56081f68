"""Files that a user gives together, such as a model's: named by content, found again by it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.by_content import file_sha256, note_file, noted_file

Described = Mapping[str, Mapping[str, Any]]
"""What names files in a stage's configuration: {name: {"sha256": [hex]}}."""


def describe(files: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """What names these files in a stage's configuration."""
    return {name: {"sha256": [file_sha256(path)]} for name, path in files.items()}


def keep(files: Mapping[str, Path]) -> None:
    """Note where the files lie, so that a stage finds them by their content."""
    for name, path in files.items():
        note_file(path, Path(name).suffix)


@contextmanager
def together(described: Described, again: str) -> Iterator[Path]:
    """A folder with the files under their names, for as long as the block lasts.

    Raises DataError for one that is not known on this machine, with `again` for what to type.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, content in described.items():
            (sha256,) = content["sha256"]
            noted = noted_file(sha256, again, Path(name).suffix)
            (Path(folder) / name).symlink_to(noted.resolve())
        yield Path(folder)
