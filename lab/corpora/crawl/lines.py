"""Duplicate lines, dropped as C4's released code drops them: three blocks and the plain rule.

Of the pages that hold a line (in lower case) the one with the smallest md5 of its URL keeps it,
once. Each shard writes its lines' hashes, sorted into buckets; a bucket is decided on its own;
each shard then reads which of its lines go. Neither the number of workers nor of buckets
shows in the result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep
from datatrove.utils.hashing import HashConfig, create_hash_func

from lab.corpora.crawl.filters import CountingFilter, page_key
from lab.corpora.sentences import sentence_splitter

GLOBAL = "filtered-lines-global_duplicate"
LOCAL = "filtered-lines-local_duplicate"
EMPTY = "filtered-deduped_page-empty"
TOO_FEW = "filtered-deduped_page-toofewsentences"

HASH = HashConfig(hash_fc="sha1")
"""What datatrove's deduplication hashes with; its default refuses text from xxhash 4 on."""

_SIGNATURE = np.dtype([("line", "<u8"), ("page", "<u8"), ("doc", "<u4"), ("at", "<u4")])
_DUPLICATE = np.dtype([("doc", "<u4"), ("at", "<u4"), ("local", "?")])


def drop_duplicate_lines(pages: Mapping[str, str], min_num_sentences: int = 3) -> dict[str, str]:
    """Drop duplicate lines of pages {url: text} held in memory (the rule of the blocks below)."""
    keeper: dict[str, bytes] = {}
    for url, text in pages.items():
        rank = _rank(url)
        for line in _folded_lines(text):
            keeper[line] = min(rank, keeper.get(line, rank))
    kept = {}
    for url, text in pages.items():
        seen: set[str] = set()
        lines = []
        for line, folded in zip(text.split("\n"), _folded_lines(text), strict=True):
            if keeper[folded] == _rank(url) and folded not in seen:
                seen.add(folded)
                lines.append(line)
        remaining = "\n".join(lines)
        if remaining and has_sentences(remaining, min_num_sentences):
            kept[url] = remaining
    return kept


def has_sentences(text: str, wanted: int) -> bool:
    """Say whether a page, its lines read as one text, still has `wanted` sentences."""
    return sentence_splitter().count(text, at_most=wanted) >= wanted


class LineSignatures(PipelineStep):
    """Writes each line's hash, its page's rank and its place, one file a shard."""

    type = "Lines"
    name = "signatures"

    def __init__(self, folder: Path, buckets: int) -> None:
        super().__init__()
        self.folder = folder
        self.buckets = buckets
        self.hash_line = create_hash_func(HASH)

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> None:
        """Consume the pages of one shard."""
        rows = np.fromiter(self._signatures(data), dtype=_SIGNATURE)
        bucket = rows["line"] % np.uint64(self.buckets)
        _save(self.folder / f"{rank:05d}", rows, bucket, self.buckets)

    def _signatures(self, data: Iterable[Document]) -> Iterator[tuple[int, int, int, int]]:
        for doc, document in enumerate(data):
            page = int.from_bytes(_rank(page_key(document))[:8], "big")
            for at, line in enumerate(_folded_lines(document.text)):
                yield self.hash_line(line), page, doc, at


class FindDuplicateLines(PipelineStep):
    """Decides one bucket: which lines of which shard are duplicates."""

    type = "Lines"
    name = "duplicates"

    def __init__(self, signatures: Path, folder: Path, shards: int) -> None:
        super().__init__()
        self.signatures = signatures
        self.folder = folder
        self.shards = shards

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> None:
        """Read bucket `rank` of all shards and write the duplicates, sorted by shard."""
        parts = [_load(self.signatures / f"{number:05d}", rank) for number in range(self.shards)]
        lines = np.concatenate(parts)
        shard = np.repeat(np.arange(self.shards), [len(part) for part in parts])
        order = np.lexsort((lines["at"], lines["doc"], shard, lines["page"], lines["line"]))
        lines, shard = lines[order], shard[order]
        first = np.ones(len(lines), dtype=bool)
        first[1:] = lines["line"][1:] != lines["line"][:-1]
        keeper = np.maximum.accumulate(np.where(first, np.arange(len(lines)), 0))
        found = np.empty(len(lines), dtype=_DUPLICATE)
        found["doc"], found["at"] = lines["doc"], lines["at"]
        found["local"] = (shard[keeper] == shard) & (lines["doc"][keeper] == lines["doc"])
        _save(self.folder / f"{rank:05d}", found[~first], shard[~first], self.shards)


class DropDuplicateLines(CountingFilter):
    """Takes the duplicates out of each page, and drops pages left with too few sentences."""

    name = "duplicate lines"

    def __init__(self, duplicates: Path, buckets: int, min_num_sentences: int) -> None:
        super().__init__()
        self.duplicates = duplicates
        self.buckets = buckets
        self.min_num_sentences = min_num_sentences

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Yield the pages of one shard with the lines that stay."""
        parts = [_load(self.duplicates / f"{n:05d}", rank) for n in range(self.buckets)]
        self._found = np.concatenate(parts)
        self._found.sort(order=("doc", "at"))
        self._docs = np.ascontiguousarray(self._found["doc"])
        self._position = 0
        yield from super().run(data, rank, world_size)

    def filter(self, doc: Document) -> bool:
        """Keep a page that still has enough sentences; asked even where no line went."""
        start, stop = np.searchsorted(self._docs, [self._position, self._position + 1])
        self._position += 1
        if start < stop:
            found = self._found[start:stop]
            local = int(found["local"].sum())
            self.counts[LOCAL] += local
            self.counts[GLOBAL] += len(found) - local
            gone = set(found["at"].tolist())
            doc.text = "\n".join(
                line for at, line in enumerate(doc.text.split("\n")) if at not in gone
            )
            if not doc.text:
                return self.drop(doc, EMPTY)
        if not has_sentences(doc.text, self.min_num_sentences):
            return self.drop(doc, TOO_FEW)
        return True


def _folded_lines(text: str) -> list[str]:
    return [line.strip().lower() for line in text.split("\n")]


def _rank(url: str) -> bytes:
    return hashlib.md5(url.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()


def _save(path: Path, rows: np.ndarray, group: np.ndarray, groups: int) -> None:
    """Write rows sorted by group, with the place where each group starts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(groups + 1))
    np.save(path.with_suffix(".starts.npy"), starts)
    np.save(path.with_suffix(".rows.npy"), rows[order])


def _load(path: Path, group: int) -> np.ndarray:
    """Read the rows of one group, and no more of the file."""
    start, stop = np.load(path.with_suffix(".starts.npy"))[group : group + 2]
    return np.array(np.load(path.with_suffix(".rows.npy"), mmap_mode="r")[start:stop])
