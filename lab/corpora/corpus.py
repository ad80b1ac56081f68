"""What a pre-training corpus is: documents, and the values that name them exactly."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.corpora.archives import FETCH_COMMAND
from lab.corpora.prepared import Prepared
from lab.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Unlabelled text, document by document, always in the same order."""

    name: str
    """Name in the registry and in configurations."""
    description: str
    """What kind of text it is."""
    licence: str
    """Licence or terms of the text."""
    approximate_tokens: int
    """Tokens of a vocabulary of 4,000 pieces, for planning."""
    data: Prepared
    """The file `documents` with a column `text`."""

    def identity(self) -> dict[str, Any]:
        """Return plain values that name exactly which documents, without reading them."""
        return {"name": self.name, **self.data.identity()}

    def prepare(self) -> Path:
        """Return the folder with the documents, made first where it is not there.

        Raises DataError when what it is made from cannot be had.
        """
        return self.data.prepare()

    def documents(self) -> Generator[str, None, None]:
        """Yield the documents in order. Raises DataError when their file is damaged."""
        file = self.prepare() / "documents.parquet"
        remedy = f"Delete the folder {file.parent} and type: {FETCH_COMMAND} {self.name}"
        for row in rows_of(file, "parquet", remedy):
            yield row["text"]


def rows_of(file: Path, reader: str, remedy: str) -> Generator[dict[str, Any], None, None]:
    """Yield a file's rows by a reader of `datasets`; DataError names the file and the remedy."""
    import datasets

    try:
        # Streamed: another copy in the cache of `datasets` would serve nothing.
        yield from datasets.load_dataset(
            reader, data_files=[str(file)], split="train", streaming=True
        )
    except (OSError, ValueError, EOFError, datasets.exceptions.DatasetsError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        # Stages read a user's file through a link that is named by its content.
        raise DataError(f"{file.resolve()} cannot be read: {reason}. {remedy}") from error
