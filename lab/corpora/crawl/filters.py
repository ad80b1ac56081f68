"""The filters that datatrove lacks, or has with other behaviour, as blocks of its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.filters.base_filter import BaseFilter

from lab.corpora.cleaning import CleaningSettings, clean_page, lines_with_page
from lab.corpora.crawl.language import OTHER_LANGUAGE, language_verdict
from lab.corpora.crawl.lists import (
    Domains,
    domain_verdict,
    is_listed,
    normalize_url,
    read_domains,
    read_urls,
)


def page_key(document: Document) -> str:
    """What tells pages apart: the normalized URL, or the place in the input where there is none."""
    url = document.metadata.get("url")
    return normalize_url(str(url)) if url else str(document.id)


class CountingFilter(BaseFilter):
    """A filter that counts in one place and hands the counts over when its task is done."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Yield the documents that `filter` keeps."""
        yield from super().run(data, rank, world_size)
        for label, count in sorted(self.counts.items()):
            self.stat_update(label, value=count)

    def drop(self, document: Document, counter: str) -> bool:
        """Count a page that is dropped whole, and its lines; always false."""
        self.counts[counter] += 1
        self.counts[lines_with_page(counter)] += len(document.text.splitlines())
        return False


class Tally(PipelineStep):
    """Counts the pages, lines and characters that pass it."""

    type = "Tally"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Yield every document."""
        pages = lines = characters = 0
        for document in data:
            pages += 1
            lines += len(document.text.splitlines())
            characters += len(document.text)
            yield document
        for unit, count in (("pages", pages), ("lines", lines), ("characters", characters)):
            self.stat_update(f"{self.name}-{unit}", value=count)


class PageLimit(CountingFilter):
    """Drops pages of too many characters."""

    name = "page limit"

    def __init__(self, max_page_length: int) -> None:
        super().__init__()
        self.max_page_length = max_page_length

    def filter(self, doc: Document) -> bool:
        """Keep a page of at most the limit."""
        if len(doc.text) > self.max_page_length:
            return self.drop(doc, "filtered-page-contenttoolong")
        return True


class ListedDomains(CountingFilter):
    """Keeps pages of the listed domains and subdomains (RealNews-like)."""

    name = "listed domains"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._domains: Domains | None = None

    def filter(self, doc: Document) -> bool:
        """Keep a page whose address is of a listed domain."""
        if self._domains is None:
            self._domains = read_domains(self.path)
        verdict = domain_verdict(str(doc.metadata.get("url") or ""), self._domains)
        return True if verdict is None else self.drop(doc, verdict)


class ListedUrls(CountingFilter):
    """Keeps pages of the listed URLs (WebText-like)."""

    name = "listed URLs"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._keys: np.ndarray | None = None

    def filter(self, doc: Document) -> bool:
        """Keep a page whose normalized address is listed."""
        if self._keys is None:
            self._keys = read_urls(self.path)
        if is_listed(str(doc.metadata.get("url") or ""), self._keys):
            return True
        return self.drop(doc, "filtered-url-notwebtextlike")


class CleanPages(CountingFilter):
    """C4's rules for lines and pages.

    datatrove's C4QualityFilter takes ' for an end mark and counts words before citations go; its
    bad-word filter fetches its own list, and reads all lines of a page rather than the kept ones.
    """

    name = "C4's rules"

    def __init__(self, settings: CleaningSettings, badwords: tuple[str, ...]) -> None:
        super().__init__()
        self.settings = settings
        self.badwords = badwords

    def filter(self, doc: Document) -> bool:
        """Keep a page with its good lines, if enough are left."""
        text = clean_page(doc.text, self.badwords, settings=self.settings, counts=self.counts)
        if text is None:
            return False
        doc.text = text
        return True


class Language(CountingFilter):
    """Keeps pages that langdetect calls `language` with at least `min_probability`."""

    name = "language"

    def __init__(self, language: str, min_probability: float) -> None:
        super().__init__()
        self.language = language
        self.min_probability = min_probability

    def filter(self, doc: Document) -> bool:
        """Keep a page in the language."""
        verdict, found = language_verdict(doc.text, self.language, self.min_probability)
        if verdict is None:
            return True
        if verdict == OTHER_LANGUAGE:
            self.counts[f"{OTHER_LANGUAGE}-{found}"] += 1
        return self.drop(doc, verdict)
