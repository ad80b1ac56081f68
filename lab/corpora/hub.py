"""Text of a data set of the Hugging Face hub, read as a stream."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from lab.errors import DataError


@dataclass(frozen=True, kw_only=True)
class HubCorpus:
    """Text of one hub data set."""

    name: str
    """Name that `get_corpus` and configurations know it by."""
    description: str
    """What kind of text it is."""
    licence: str
    """Licence or terms of the text."""
    approximate_tokens: int
    """Tokens of the published vocabulary, for planning."""
    path: str
    """Name of the data set on the hub."""
    revision: str
    """Commit on the hub."""
    config: str
    """Configuration of the hub data set."""

    def identity(self) -> dict[str, Any]:
        """Return plain values that name exactly which documents, without reading them."""
        place = {"hub": self.path, "config": self.config, "split": "train"}
        return {"name": self.name, **place, "commit": self.revision}

    def prepare(self) -> None:
        """Do nothing: documents are read from the hub, or from its cache, when needed."""

    def documents(self) -> Generator[str, None, None]:
        """Yield the documents in order. Raises DataError when the hub cannot be reached."""
        import datasets

        try:
            rows = datasets.load_dataset(
                self.path, self.config, split="train", revision=self.revision, streaming=True
            )
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise DataError(
                f"Cannot read corpus '{self.name}' ({self.path}) from the hub: {reason} Without "
                "internet use one of the embedded corpora (python -m lab.corpora list), or "
                "files of your own: dataset.corpus=FOLDER"
            ) from error
        for row in rows:
            yield row["text"]
