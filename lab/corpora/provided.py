"""Text in files of the user's: by path, or in a folder of the cache by the corpus' name."""

from __future__ import annotations

import difflib
import logging
import os
import shlex
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from glob import glob, has_magic
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from lab import rows
from lab.by_content import file_sha256, note_file, noted_file
from lab.cache import cache_folder
from lab.errors import DataError, nearest, nearest_path

TEXT_ENDINGS = (".txt", ".txt.gz", ".txt.zst")
"""How the name of a file may end whose documents stand between blank lines."""
FIRST_ENDINGS = tuple(e for e in rows.ENDINGS if ".json" in e or e == ".parquet")
"""Endings that need no mention in an identity: it had none when these were all."""
COLUMN = "text"
LOOKED_AT = 1000
"""Documents of a file that are looked at before a run."""
SEPARATED = (".csv", ".tsv")
"""Endings of files that are quick to open however large they are."""
SMALL = 10_000_000
"""Bytes of any other file that is opened for a plan, at most."""
READABLE = (
    "Readable are .txt (documents stand between blank lines), .csv, .tsv, .jsonl and .json (a "
    "document a row, in the column 'text' or the one that FILE:COLUMN names), each also .gz or "
    ".zst; .parquet and .arrow; a folder of such files; a pattern such as texts/*.txt."
)
T = TypeVar("T")
logger = logging.getLogger(__name__)
FILES = "files"
"""The name of all corpora that are given by path: their content tells them apart."""


@dataclass(frozen=True, kw_only=True)
class ProvidedCorpus:
    """Files of documents, in the order of their names."""

    name: str
    """Name that `get_corpus` and configurations know it by."""
    description: str
    """What kind of text it is."""
    licence: str
    """Licence or terms of the text."""
    approximate_tokens: int
    """Tokens of the published vocabulary, for planning."""
    path: Path | None = None
    """The file, folder or pattern, where it is not a folder of the cache."""
    column: str = COLUMN
    """The column that holds the documents, of files that have columns."""
    known: tuple[tuple[str, str], ...] | None = None
    """The files' sha256 and endings where a stage knows only these, and not the place."""

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
            again = "dataset.corpus=PATH"
            return [noted_file(sha256, again, ending) for sha256, ending in self.known]
        if self.folder.is_dir():
            found = list(self.folder.glob("*"))
        elif self.folder.exists():
            found = [self.folder]
        else:
            found = [Path(match) for match in glob(str(self.folder), recursive=True)]
        return sorted(file for file in found if _ending(file) and file.is_file())

    def identity(self) -> dict[str, Any]:
        """Return plain values that name exactly which documents, or that there are none yet."""
        files = self.files()
        identity: dict[str, Any] = {"name": self.name, "sha256": [file_sha256(f) for f in files]}
        endings = [_ending(file) for file in files]
        if not set(endings) <= set(FIRST_ENDINGS):
            identity["endings"] = endings
        return identity if self.column == COLUMN else {**identity, "column": self.column}

    def prepare(self) -> Path:
        """Return where the files lie, which are noted by their content.

        Raises DataError where nothing was put there, or a file's first documents are no text.
        """
        files = self.files()
        if not files:
            raise DataError(
                f"Corpus '{self.name}' ({self.description}) is not public. Put its documents as "
                f"{', '.join(FIRST_ENDINGS)} files with a column 'text' into {self.folder}, or "
                "name another: dataset.corpus=NAME (python -m lab.corpora list), or files of your "
                "own: dataset.corpus=PATH"
            )
        held = 0
        for file in files:
            held += _check(file, self.column, self.path or file.resolve())
            note_file(file, str(_ending(file)))
        if not held:
            raise DataError(
                f"None of the {len(files)} files of {self.folder} holds a document. {READABLE}"
            )
        return self.folder

    def documents(self) -> Generator[str, None, None]:
        """Yield the documents in order, null ones as empty. Raises DataError as `prepare` does."""
        self.prepare()
        for file in self.files():
            yield from _documents_of(file, self.column)


def known_corpus(identity: Mapping[str, Any], **about: Any) -> ProvidedCorpus:
    """Return the corpus whose `identity` this is; `about` are its other fields."""
    hashes = identity["sha256"]
    # Of FIRST_ENDINGS, whichever it was.
    endings = identity.get("endings") or [".[jp]*"] * len(hashes)
    return ProvidedCorpus(
        known=tuple(zip(hashes, endings, strict=True)),
        column=identity.get("column", COLUMN),
        approximate_tokens=0,
        **about,
    )


def corpus_at(given: str) -> ProvidedCorpus | None:
    """Return the corpus of a file, a folder or a pattern, or None where nothing is there.

    FILE:COLUMN names the column of the documents. Raises DataError for what cannot be read.
    """
    path, column = Path(os.path.expanduser(given)), COLUMN
    if not _there(path):
        before, colon, after = given.rpartition(":")
        path, column = Path(os.path.expanduser(before)), after
        # What has a + is a combination.
        if not (colon and after and before and _there(path)) or "+" in after:
            return None
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
        column=column,
    )
    files = corpus.files()
    if not files:
        raise DataError(f"{corpus.folder} holds no text that can be read. {READABLE}")
    if column != COLUMN and all(_ending(file) in TEXT_ENDINGS for file in files):
        raise DataError(f"{path} has no columns: leave :{column} out.")
    rowed = [file for file in files if _ending(file) not in TEXT_ENDINGS]
    quick = (f for f in rowed if _ending(f) in SEPARATED or f.stat().st_size <= SMALL)
    for file in islice(quick, 1):
        _look(file, column, path, file.stat().st_mtime_ns)
    # Two characters a byte where compressed, and four a token.
    plain = (".json", ".jsonl", ".csv", ".tsv", ".txt")
    size = sum(file.stat().st_size // (4 if _ending(file) in plain else 2) for file in files)
    return replace(corpus, approximate_tokens=size)


def missing(given: str) -> DataError | None:
    """Return the complaint about a path where nothing is; None for what looks like a name."""
    path = Path(os.path.expanduser(given))
    if "/" not in given and _ending(path) is None and not has_magic(given):
        return None
    if has_magic(given):
        return DataError(f"Corpus '{given}': no file of this pattern. {READABLE}")
    kind = "file" if path.suffix else "folder"
    where = "" if path.is_absolute() else f": looked for {path.absolute()}"
    return DataError(f"Corpus '{given}': no such {kind}{where}.{nearest_path(given)} {READABLE}")


def _there(path: Path) -> bool:
    return path.exists() or (has_magic(str(path)) and bool(glob(str(path), recursive=True)))


def _ending(file: Path) -> str | None:
    name = file.name.lower()
    return next((e for e in TEXT_ENDINGS if name.endswith(e)), None) or rows.ending_of(file)


def _documents_of(file: Path, column: str) -> Generator[str, None, None]:
    """The documents; one that is null is an empty text, which no corpus keeps, and is counted."""
    if _ending(file) in TEXT_ENDINGS:
        yield from _between_blank_lines(file)
        return
    empty = 0
    for text in _texts_of(_rows(file), file, column):
        empty += text is None
        yield text or ""
    if empty:
        logger.warning("%s: %s documents are null and left out.", file.resolve(), empty)


def _between_blank_lines(file: Path) -> Iterator[str]:
    lines: list[str] = []
    for line in _mended(rows.lines_of(file)):
        if line.strip():
            lines.append(line)
        elif lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    yield from _mended(rows.rows_of(file))


def _mended(records: Iterator[T]) -> Iterator[T]:
    """The same; a complaint says what to do about it."""
    try:
        yield from records
    except DataError as error:
        reason = str(error).rstrip(".")
        raise DataError(f"{reason}. Mend or remove it, then type the command again.") from error


def _texts_of(
    records: Iterable[Mapping[str, Any]], file: Path, column: str
) -> Iterator[str | None]:
    for number, row in enumerate(records, start=1):
        text = row.get(column)
        if text is None or text != text:  # NaN is what pandas writes for nothing
            yield None
        elif isinstance(text, str):
            yield text
        else:
            raise DataError(
                f"{rows.place(file, number)}: '{column}' holds {rows.shown(text)}, expected text. "
                "Mend or remove the row, then type the command again."
            )


def _check(file: Path, column: str, given: Path) -> bool:
    """Return whether a file holds documents. Raises DataError where the first are no text."""
    if _ending(file) in TEXT_ENDINGS:
        if not any(islice(_between_blank_lines(file), LOOKED_AT)):
            raise DataError(f"{file.resolve()} holds no text. Give another, or remove it.")
        return True
    first = _first_rows(file, column, given)
    deque(_texts_of(first, file, column), maxlen=0)
    return bool(first)


@lru_cache
def _look(file: Path, column: str, given: Path, changed: int) -> None:
    """Raise DataError where a file, `changed` then, lacks its column; once for a whole plan."""
    _first_rows(file, column, given)


def _first_rows(file: Path, column: str, given: Path) -> list[dict[str, Any]]:
    """The first rows. Raises DataError where none has text in the column; `given` was typed."""
    first = list(islice(_rows(file), LOOKED_AT))
    if not first or any(row.get(column) is not None for row in first):
        return first
    names = list(dict.fromkeys(name for row in first for name in row))
    close = difflib.get_close_matches(column, names, n=1, cutoff=0.4)
    # Documents are most often the longest there is.
    (likely,) = close or [
        max(names, key=lambda name: sum(len(str(r.get(name) or "")) for r in first))
    ]
    raise DataError(
        f"{file.resolve()} has no text in its column '{column}', but the columns "
        f"{', '.join(names)}.{nearest(column, names)} Say which holds the documents: "
        + shlex.quote(f"dataset.corpus={given}:{likely}")
    )
