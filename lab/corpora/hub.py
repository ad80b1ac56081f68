"""The paper's corpora as the Hugging Face hub has them (2.2), read as a stream."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from lab.corpora.weighted import WeightedCorpus
from lab.errors import DataError

C4_COMMIT = "1588ec454efa1a09f29cd18ddd04fe05fc8653a2"
WIKIPEDIA_COMMIT = "b04c8d1ceb2f5cd4588862100d08de323dccfbaa"


@dataclass(frozen=True, kw_only=True)
class HubCorpus:
    """Text of one hub data set."""

    name: str
    """Name in the registry and in configurations."""
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


CORPORA = {
    "c4": HubCorpus(
        name="c4",
        description="English web pages of April 2019, cleaned (745 GB)",
        licence="ODC-BY 1.0 and the terms of Common Crawl",
        approximate_tokens=156_000_000_000,
        path="allenai/c4",
        revision=C4_COMMIT,
        config="en",
    ),
    "c4_unfiltered": HubCorpus(
        name="c4_unfiltered",
        description="English web pages of April 2019 as they are (6.1 TB)",
        licence="ODC-BY 1.0 and the terms of Common Crawl",
        approximate_tokens=1_400_000_000_000,
        path="allenai/c4",
        revision=C4_COMMIT,
        config="en.noclean",
    ),
    "realnews_like": HubCorpus(
        name="realnews_like",
        description="C4 from the domains of RealNews (35 GB)",
        licence="ODC-BY 1.0 and the terms of Common Crawl",
        approximate_tokens=8_000_000_000,
        path="allenai/c4",
        revision=C4_COMMIT,
        config="realnewslike",
    ),
    "wikipedia": HubCorpus(
        name="wikipedia",
        description="English Wikipedia of November 2023; the paper's is of 2019 (16 GB)",
        licence="CC BY-SA 3.0 and GFDL",
        approximate_tokens=4_500_000_000,
        path="wikimedia/wikipedia",
        revision=WIKIPEDIA_COMMIT,
        config="20231101.en",
    ),
    **{
        f"c4_{language}": HubCorpus(
            name=f"c4_{language}",
            description=f"web pages that a classifier calls {called}",
            licence="ODC-BY 1.0 and the terms of Common Crawl",
            approximate_tokens=tokens,
            path="allenai/c4",
            revision=C4_COMMIT,
            config=language,
        )
        # Tokens as the paper of mT5 counts them (its table 6).
        for language, called, tokens in (
            ("de", "German", 347_000_000_000),
            ("fr", "French", 318_000_000_000),
            ("ro", "Romanian", 52_000_000_000),
        )
    },
}

WEIGHTED = {
    "c4_with_translations": WeightedCorpus(
        name="c4_with_translations",
        description="10 parts of English, one each of German, French and Romanian web pages, "
        "to train the vocabulary on",
        licence="ODC-BY 1.0 and the terms of Common Crawl",
        parts=((10, CORPORA["c4"]), *((1, CORPORA[f"c4_{each}"]) for each in ("de", "fr", "ro"))),
    ),
}
