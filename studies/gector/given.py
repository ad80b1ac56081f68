"""An encoder in a folder: what names it, and the stage that reads it.

The folder has either what Hugging Face's save_pretrained writes of BERT, ELECTRA and ALBERT, or the
encoder.pt that a stage of pre-training published.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab import given_files
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
    return given_files.describe(files_of(folder))


def keep(folder: str) -> None:
    """Note where the files lie, so that the stage finds them by their content."""
    given_files.keep(files_of(folder))


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The stage "given": publishes encoder.pt, without any head. Raises DataError, ModelError."""
    from lab.encoder.checkpoint import load_encoder, save_encoder
    from lab.encoder.huggingface import load_huggingface

    with given_files.together(config["files"], "encoder.folder=FOLDER") as folder:
        if OURS in config["files"]:
            encoder = load_encoder(folder / OURS)
        else:
            encoder = load_huggingface(folder).encoder
        save_encoder(out / OURS, encoder)
