"""Published taggers, opened: by themselves or as an ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.encoder.vocabulary import open_vocabulary
from lab.errors import DataError, nearest_path
from studies.gector.corrector import Members
from studies.gector.model import Tagger, load_tagger
from studies.gector.released import LABELS, is_released, open_released
from studies.gector.sentences import Reader, Reads

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
    """The taggers of folders: of stages of training, or released by the paper's authors.

    `reading` is of the first. Raises DataError for other folders.
    """
    for folder in folders:
        if not (folder / MODEL).is_file() and not is_released(folder):
            near = "" if folder.is_dir() else nearest_path(folder)
            raise DataError(
                f"{folder} is no trained tagger: it has no {MODEL}. A released one has "
                f"{LABELS}.{near}"
            )
    taggers: list[Tagger] = []
    readers: list[Reads] = []
    for folder in folders:
        if is_released(folder):
            tagger, released = open_released(folder, device=device)
            readers.append(released)
        else:
            tagger = load_tagger(folder / MODEL, device=device)
            most = min(reading.get("longest", 512), tagger.encoder.config.positions)
            pieces = open_vocabulary(folder / VOCABULARY)
            readers.append(Reader(pieces=pieces, threads=threads, **{**reading, "longest": most}))
        taggers.append(tagger)
    return Members(taggers, readers, batch_size=batch_size, precision=precision)
