"""A user's own pairs: a file of sentences and one of their corrections, or one M2 file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.by_content import file_sha256, note_file, noted_file
from lab.datasets.embedded.splits import Row
from lab.errors import DataError, nearest_path
from studies.gector.m2 import read_m2
from studies.gector.parallel import Pair, read_parallel

ARCHIVES: tuple[str, ...] = ()
M2 = ".m2"
AGAIN = "stages.settings.STAGE.files=[...]"


def files_of(files: Sequence[str]) -> list[Path]:
    """Where the files lie. Raises DataError where they are not such files, or not there."""
    paths = [Path(os.path.expanduser(file)) for file in files]
    one = len(paths) == 1 and paths[0].suffix == M2
    if not one and len(paths) != 2:
        raise DataError(
            f"[{', '.join(files)}]. Give [WRONG,RIGHT], two files of which line n of the one is "
            f"corrected by line n of the other, or [FILE{M2}]."
        )
    for path in paths:
        if not path.is_file():
            raise DataError(f"{path} is no file.{nearest_path(path)}")
    return paths


def keep(files: Sequence[str]) -> None:
    """Note where the files lie, so that the stage finds them by their content."""
    for path in files_of(files):
        note_file(path, path.suffix)


def identity(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`files`, by their content; `pairs` and `right`, how many of each at most."""
    paths = files_of(settings["files"])
    content = {
        "sha256": [file_sha256(path) for path in paths],
        "endings": [path.suffix for path in paths],
    }
    return {**settings, "files": content}


def pairs(config: Mapping[str, Any]) -> Iterator[Row]:
    """The first pairs with mistakes and the first right sentences, in the files' order."""
    files = config["files"]
    found = [
        noted_file(sha256, AGAIN, ending)
        for sha256, ending in zip(files["sha256"], files["endings"], strict=True)
    ]
    left = {True: config["pairs"], False: config["right"]}
    for source, target in _read(found):
        room = left[source != target]
        if source and target and (room is None or room > 0):
            left[source != target] = None if room is None else room - 1
            yield {"source": " ".join(source), "target": " ".join(target)}


def _read(paths: Sequence[Path]) -> Iterable[Pair]:
    if len(paths) == 1:
        return (Pair(sentence.tokens, sentence.target()) for sentence in read_m2(paths[0]))
    return read_parallel(*paths)
