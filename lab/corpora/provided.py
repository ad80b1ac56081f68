"""Text in files of the user's: a folder by its path, or one of the cache by the corpus' name."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from lab import rows
from lab.by_content import file_sha256, note_file, noted_file
from lab.cache import cache_folder
from lab.errors import DataError

ENDINGS = tuple(ending for ending in rows.ENDINGS if ".json" in ending or ending == ".parquet")
"""How a file's name may end."""
LOOKED_AT = 1000
"""Rows of a file that are looked at before a run."""
logger = logging.getLogger(__name__)
FILES = "files"
"""The name of all corpora that are given by path: their content tells them apart."""


@dataclass(frozen=True, kw_only=True)
class ProvidedCorpus:
    """Files with a column `text`, in the order of their names."""

    name: str
    """Name that `get_corpus` and configurations know it by."""
    description: str
    """What kind of text it is."""
    licence: str
    """Licence or terms of the text."""
    approximate_tokens: int
    """Tokens of the published vocabulary, for planning."""
    path: Path | None = None
    """The folder, where it is not the cache's."""
    known: tuple[str, ...] | None = None
    """The files' sha256 where a stage knows only these, and not the place."""

    @property
    def folder(self) -> Path:
        """Where its files are looked for: of the output of `clean`, where the pages lie."""
        folder = self.path or cache_folder() / "corpora" / self.name
        return folder / "data" if (folder / "report.json").is_file() else folder

    def files(self) -> list[Path]:
        """The files, in reading order; none where the user has not brought any.

        Raises DataError for known files that are not on this machine, or have changed.
        """
        if self.known is not None:
            return [noted_file(each, "dataset.corpus=FOLDER") for each in self.known]
        return sorted(file for file in self.folder.glob("*") if _ending(file) and file.is_file())

    def identity(self) -> dict[str, Any]:
        """Return plain values that name exactly which documents, or that there are none yet."""
        return {"name": self.name, "sha256": [file_sha256(file) for file in self.files()]}

    def prepare(self) -> Path:
        """Return the folder, its files noted by their content.

        Raises DataError where nothing was put into it, or a file's first rows have no text.
        """
        files = self.files()
        if not files:
            raise DataError(
                f"Corpus '{self.name}' ({self.description}) is not public. Put its documents as "
                f"{', '.join(ENDINGS)} files with a column 'text' into {self.folder}, or name "
                "another: dataset.corpus=NAME (python -m lab.corpora list), or a folder: "
                "dataset.corpus=PATH"
            )
        for file in files:
            _check(file)
            note_file(file, str(_ending(file)))
        return self.folder

    def documents(self) -> Generator[str, None, None]:
        """Yield the documents in order, null ones as empty. Raises DataError as `prepare` does."""
        self.prepare()
        yield from _texts(self.files())


def corpus_at(path: Path) -> ProvidedCorpus:
    """Return the corpus of a folder's files. Raises DataError where there are none."""
    path = Path(os.path.expanduser(path))
    if (path / "work").is_dir() and not (path / "report.json").is_file():
        raise DataError(
            f"{path} is the output of a cleaning that is not finished. Type its command again, "
            "and this one when it is."
        )
    corpus = ProvidedCorpus(
        name=FILES,
        description=f"the files of {path}",
        licence="yours to know",
        approximate_tokens=0,
        path=path,
    )
    files = corpus.files()
    if not files:
        raise DataError(
            f"{corpus.folder} holds no text: give a folder with {', '.join(ENDINGS)} files, which "
            "have a column 'text'."
        )
    # Two characters a byte where compressed, and four a token.
    size = sum(
        file.stat().st_size // (4 if _ending(file) in (".json", ".jsonl") else 2) for file in files
    )
    return replace(corpus, approximate_tokens=size)


def _ending(file: Path) -> str | None:
    return next((ending for ending in ENDINGS if file.name.endswith(ending)), None)


def _texts(files: Sequence[Path]) -> Generator[str, None, None]:
    """The documents; one that is null is an empty text, which no corpus keeps, and is counted."""
    for file in files:
        empty = 0
        for text in _texts_of(_rows(file), file):
            empty += text is None
            yield text or ""
        if empty:
            logger.warning("%s: %s documents are null and left out.", file.resolve(), empty)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from rows.rows_of(file)
    except DataError as error:
        reason = str(error).rstrip(".")
        raise DataError(f"{reason}. Mend or remove it, then type the command again.") from error


def _texts_of(records: Iterable[Mapping[str, Any]], file: Path) -> Iterator[str | None]:
    for number, row in enumerate(records, start=1):
        text = row.get("text")
        if text is None or text != text:  # NaN is what pandas writes for nothing
            yield None
        elif isinstance(text, str):
            yield text
        else:
            raise DataError(
                f"{rows.place(file, number)}: 'text' holds {rows.shown(text)}, expected text. "
                "Mend or remove the row, then type the command again."
            )


def _check(file: Path) -> None:
    """Raise DataError for a file whose first rows have no text."""
    columns: dict[str, None] = {}
    first = list(islice(_rows(file), LOOKED_AT))
    for row in first:
        columns |= dict.fromkeys(row)
    if first and not any(row.get("text") is not None for row in first):
        raise DataError(
            f"{file.resolve()} has no text in its column 'text', but the columns "
            f"{', '.join(columns)}. Name that of the documents so."
        )
    deque(_texts_of(first, file), maxlen=0)
