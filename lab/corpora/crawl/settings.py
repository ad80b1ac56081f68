"""What a cleaning run is asked to do, and what of it decides the output."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lab.corpora.cleaning import PUBLISHED, CleaningSettings
from lab.corpora.sentences import sentence_splitter

DEDUPLICATION = ("lines", "spans", "none")
VERSION = 1
"""Raised when the same settings would give another output."""


@dataclass(frozen=True, kw_only=True)
class CrawlSettings:
    """Which rules run over a crawl; the defaults are those of the published C4."""

    clean: bool = True
    """C4's rules for pages and lines; off for the unfiltered variant (the page limit stays)."""
    rules: CleaningSettings = PUBLISHED
    """The numbers in those rules."""
    badwords: tuple[str, ...] = ()
    """Words and phrases that drop a page, in lower case."""
    domains: Path | None = None
    """A list of domains to keep (RealNews-like)."""
    urls: Path | None = None
    """A list of URLs to keep (WebText-like)."""
    deduplicate: str = "lines"
    """"lines" as released, "spans" of three sentences as published, or "none"."""
    language: str | None = "en"
    """The language to keep, as langdetect names it, or None for all."""
    min_language_probability: float = 0.99
    """The least probability that langdetect must give that language."""

    def __post_init__(self) -> None:
        if self.deduplicate not in DEDUPLICATION:
            near = difflib.get_close_matches(self.deduplicate, DEDUPLICATION, 1)
            guess = f"Did you mean '{near[0]}'? " if near else ""
            raise ValueError(
                f"Unknown deduplication '{self.deduplicate}'. {guess}Known: "
                + ", ".join(DEDUPLICATION)
            )
        if not 0 <= self.min_language_probability <= 1:
            raise ValueError(
                f"min_language_probability is {self.min_language_probability}; give 0 to 1"
            )

    def identity(self) -> dict[str, Any]:
        """Everything that decides the output for a given input, as plain values.

        Files enter by content. The sentence splitter is part of it: the rules count sentences.
        """
        return {
            "version": VERSION,
            "clean": self.clean,
            "rules": asdict(self.rules),
            "badwords": _digest("\n".join(self.badwords).encode()) if self.badwords else None,
            "domains": _file_digest(self.domains),
            "urls": _file_digest(self.urls),
            "deduplicate": self.deduplicate,
            "language": self.language,
            "min_language_probability": self.min_language_probability,
            "sentences": sentence_splitter().digest,
        }


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Name the fields in which two identities differ, each with both values."""
    return [
        f"{name}: {theirs.get(name)} there, {ours.get(name)} here"
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name)
    ]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _file_digest(path: Path | None) -> str | None:
    if path is None:
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
