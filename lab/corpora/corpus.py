"""What a pre-training corpus is: documents, and the values that name them exactly."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.corpora.prepared import Prepared
from lab.rows import rows_of


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Unlabelled text, document by document, always in the same order."""

    name: str
    """Name that `get_corpus` and configurations know it by."""
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
        """Yield the documents in order. Raises DataError as `prepare` does."""
        for row in rows_of(self.prepare() / "documents.parquet"):
            yield row["text"]
