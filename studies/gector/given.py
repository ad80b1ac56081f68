"""An encoder in a folder: what names it, and the stage that reads it.

The folder has either what Hugging Face's save_pretrained writes of BERT, ELECTRA and ALBERT, or the
encoder.pt that a stage of pre-training published.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.by_content import file_sha256, note_file, noted_file
from lab.errors import ModelError, nearest_path

OURS = "encoder.pt"
THEIRS = ("config.json", "model.safetensors")


def files_of(folder: str) -> dict[str, Path]:
    """The files of the folder that are read. Raises ModelError where one is not there."""
    place = Path(os.path.expanduser(folder))
    if (place / OURS).is_file():
        return {OURS: place / OURS}
    found = {name: place / name for name in THEIRS}
    for name, path in found.items():
        if not path.is_file():
            raise ModelError(
                f"encoder.folder={folder}: it has no {name}. Give a folder with {OURS}, as a stage "
                f"of pre-training publishes it, or with {' and '.join(THEIRS)}, as "
                f"save_pretrained writes them.{nearest_path(place)}"
            )
    return found


def identity(folder: str) -> dict[str, dict[str, Any]]:
    """What names the encoder in a stage's configuration: its files' content."""
    return {name: {"sha256": [file_sha256(path)]} for name, path in files_of(folder).items()}


def keep(folder: str) -> None:
    """Note where the files lie, so that the stage finds them by their content."""
    for path in files_of(folder).values():
        note_file(path, path.suffix)


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The stage "given": publishes encoder.pt, without any head. Raises DataError, ModelError."""
    from lab.encoder.checkpoint import load_encoder, save_encoder
    from lab.encoder.huggingface import load_huggingface

    with tempfile.TemporaryDirectory() as folder:
        for name, content in config["files"].items():
            (sha256,) = content["sha256"]
            noted = noted_file(sha256, "encoder.folder=FOLDER", Path(name).suffix)
            (Path(folder) / name).symlink_to(noted.resolve())
        if OURS in config["files"]:
            encoder = load_encoder(Path(folder) / OURS)
        else:
            encoder = load_huggingface(folder).encoder
        save_encoder(out / OURS, encoder)
