"""Published taggers, opened: by themselves or as an ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.encoder.vocabulary import open_vocabulary
from lab.errors import DataError, nearest_path
from studies.gector.corrector import Members
from studies.gector.model import load_tagger
from studies.gector.sentences import Reader

MODEL = "tagger.pt"
VOCABULARY = "vocabulary"


def open_members(
    folders: Sequence[Path],
    *,
    reading: Mapping[str, Any],
    device: str = "cpu",
    threads: int | None = None,
    batch_size: int = 128,
    precision: str = "32-true",
) -> Members:
    """The taggers of folders that stages of training published. Raises DataError for others."""
    for folder in folders:
        if not (folder / MODEL).is_file():
            raise DataError(
                f"{folder} has no {MODEL}, so it is no trained tagger.{nearest_path(folder)}"
            )
    taggers = [load_tagger(folder / MODEL, device=device) for folder in folders]
    readers = []
    for folder, tagger in zip(folders, taggers, strict=True):
        most = min(reading.get("longest", 512), tagger.encoder.config.positions)
        pieces = open_vocabulary(folder / VOCABULARY)
        readers.append(Reader(pieces=pieces, threads=threads, **{**reading, "longest": most}))
    return Members(taggers, readers, batch_size=batch_size, precision=precision)
