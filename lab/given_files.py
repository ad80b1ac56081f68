"""Files that a user gives together, such as a model's: named by content, found again by it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.by_content import file_sha256, note_file, noted_file
from lab.errors import ModelError, nearest_path

STAGE = "stage.json"
"""In the folder of a finished stage."""
WEIGHTS = (".safetensors", ".bin", ".pt")
"""How files of weights end."""
KEY = re.compile(r"[0-9a-f]{4,20}")

Described = Mapping[str, Mapping[str, Any]]
"""What names files in a stage's configuration: {name: {"sha256": [hex]}}."""


def place_of(typed: str, store: Path, kind: str) -> Path:
    """The folder that was typed as a model, or that of the pretrain stage whose key was.

    Raises ModelError, which says that a folder of a `kind` is accepted too.
    """
    place = Path(os.path.expanduser(typed))
    if place.is_dir():
        return place
    if not KEY.fullmatch(typed):
        raise ModelError(
            f"no such folder.{nearest_path(place)} Give the folder of a {kind}, or a finished "
            "pretrain stage by its key or its folder."
        )
    found = sorted(store.glob(f"pretrain/{typed}*"))
    if not found:
        raise ModelError(
            f"{store} has no finished pretrain stage of this key. `python -m sweeps status --all "
            "--store PATH` lists the stages of a store; another store's is named by its folder, "
            "PATH/pretrain/KEY."
        )
    if len(found) > 1:
        keys = ", ".join(one.name for one in found[:5])
        raise ModelError(f"it begins {len(found)} keys: {keys}. Type more of one.")
    return found[0]


def describe(files: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """What names these files in a stage's configuration."""
    return {name: {"sha256": [file_sha256(path)]} for name, path in files.items()}


def weights_hash(files: Mapping[str, Path]) -> str:
    """The hash of the weights among these files, as a table's note says it."""
    name = next(name for name in files if name.endswith(WEIGHTS))
    return f"sha256 of {name} {file_sha256(files[name])[:12]}"


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
