"""Corpora that no package and no hub has: the user puts them into a folder of the cache."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t5study.corpora.archives import cache_folder
from t5study.errors import DataError

READERS = {".parquet": "parquet", ".jsonl": "json", ".json": "json"}


@dataclass(frozen=True, kw_only=True)
class ProvidedCorpus:
    """Files with a column `text`, in the order of their names."""

    name: str
    """Name in the registry and in configurations."""
    description: str
    """What kind of text it is."""
    licence: str
    """Licence or terms of the text."""
    approximate_tokens: int
    """Tokens of the published vocabulary, for planning."""

    @property
    def folder(self) -> Path:
        """Where its files are looked for."""
        return cache_folder() / "corpora" / self.name

    def files(self) -> list[Path]:
        """The files, in reading order; none where the user has not brought any."""
        return sorted(file for file in self.folder.glob("*") if file.suffix in READERS)

    def identity(self) -> dict[str, Any]:
        """Return plain values that name exactly which documents, or that there are none yet."""
        from t5study.tasks.source import file_sha256

        return {"provided": self.name, "sha256": [file_sha256(file) for file in self.files()]}

    def prepare(self) -> Path:
        """Return the folder. Raises DataError where nothing was put into it."""
        if not self.files():
            raise DataError(
                f"Corpus '{self.name}' ({self.description}) is not public. Put its documents as "
                f"{', '.join(READERS)} files with a column 'text' into {self.folder}, or name "
                "another: dataset.corpus=NAME (python -m t5study.corpora list)"
            )
        return self.folder

    def documents(self) -> Generator[str, None, None]:
        """Yield the documents in order. Raises DataError as `prepare` does."""
        import datasets

        self.prepare()
        for file in self.files():
            reader = READERS[file.suffix]
            rows = datasets.load_dataset(
                reader, data_files=[str(file)], split="train", streaming=True
            )
            for row in rows:
                yield row["text"]


CORPORA = {
    corpus.name: corpus
    for corpus in (
        ProvidedCorpus(
            name="webtext_like",
            description="pages that Reddit links to, of 12 months of Common Crawl, cleaned as C4 "
            "(17 GB)",
            licence="the terms of Common Crawl",
            approximate_tokens=4_000_000_000,
        ),
        ProvidedCorpus(
            name="wikipedia_tbc",
            description="English Wikipedia and the Toronto Books Corpus (20 GB)",
            licence="CC BY-SA 3.0 and GFDL; the books' own",
            approximate_tokens=5_000_000_000,
        ),
    )
}
