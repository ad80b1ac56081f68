"""A cleaning run as a row of datatrove pipelines, each with its number of tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
from datatrove.data import Document
from datatrove.io import get_datafolder
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup.exact_dedup import (
    ExactDedupConfig,
    ExactDedupFilter,
    ExactDedupSignature,
    ExactFindDedups,
)
from datatrove.pipeline.dedup.sentence_dedup import (
    SentenceDedupFilter,
    SentenceDedupSignature,
    SentenceFindDedups,
)
from datatrove.pipeline.writers import ParquetWriter

from lab.corpora.crawl.filters import (
    CleanPages,
    Language,
    ListedDomains,
    ListedUrls,
    PageLimit,
    Tally,
    page_key,
)
from lab.corpora.crawl.lines import HASH, DropDuplicateLines, FindDuplicateLines, LineSignatures
from lab.corpora.crawl.readers import READERS, TaskReader
from lab.corpora.crawl.settings import CrawlSettings
from lab.corpora.crawl.shards import Shard
from lab.corpora.crawl.spans import PunktSentences, span_settings

Block: TypeAlias = "PipelineStep | Callable[..., Any]"

_SHARDS_A_BUCKET = 8
_MOST_BUCKETS = 1000
# datatrove's blocks write a file for each shard and bucket, but decide a bucket in little memory.
_MOST_DATATROVE_BUCKETS = 16
_SCHEMA = pa.schema([(name, pa.string()) for name in ("text", "id", "url", "timestamp")])


@dataclass(frozen=True, kw_only=True)
class Step:
    """One pipeline and how many tasks share it; the tasks of a step do not depend on each other."""

    name: str
    """Also the name of its folder of logs, statistics and finished tasks."""
    tasks: int
    """How many."""
    blocks: Sequence[Block]
    """datatrove's and our blocks, in order."""


def plan_steps(
    settings: CrawlSettings, folder: str, shards: Sequence[Shard], work: Path
) -> list[Step]:
    """Lay out a run over `shards` of `folder`: its steps in order; `work` holds what they pass on.

    The order is the released code's: the page limit, lists of domains and URLs, the rules, then
    duplicates over all pages, then the language.
    """
    buckets = min(_MOST_BUCKETS, 1 + len(shards) // _SHARDS_A_BUCKET)
    few = min(_MOST_DATATROVE_BUCKETS, buckets)
    same_url = ExactDedupConfig(content_getter=page_key, hash_config=HASH)
    cleaned, urls, urls_found = (str(work / name) for name in ("cleaned", "urls", "urls-found"))
    read = READERS[str(shards[0].format)]
    first: list[Block] = [
        read(get_datafolder(folder), shards, work / "problems"),
        Tally("read"),
        *_page_filters(settings),
        Tally("cleaned"),
        _writer(cleaned),
        ExactDedupSignature(urls, same_url, few),
    ]
    find_urls = ExactFindDedups(urls, urls_found, same_url)
    again: list[Block] = [TaskReader(cleaned), ExactDedupFilter(urls_found, same_url)]
    last: list[Block] = [*again, Tally("unique")]
    steps = [
        Step(name="clean", tasks=len(shards), blocks=first),
        Step(name="find-urls", tasks=few, blocks=[find_urls]),
    ]
    if settings.deduplicate != "none":
        if settings.deduplicate == "lines":
            tasks, (mark, find, drop) = buckets, _line_blocks(settings, len(shards), buckets, work)
        else:
            tasks, (mark, find, drop) = few, _span_blocks(settings, few, work)
        steps += [
            Step(name="mark", tasks=len(shards), blocks=[*again, mark]),
            Step(name="find-duplicates", tasks=tasks, blocks=[find]),
        ]
        last.append(drop)
    last.append(Tally("distinct"))
    if settings.language:
        last.append(Language(settings.language, settings.min_language_probability))
    last += [Tally("written"), _writer(str(work / "final"))]
    return [*steps, Step(name="finish", tasks=len(shards), blocks=last)]


def _line_blocks(
    settings: CrawlSettings, shards: int, buckets: int, work: Path
) -> tuple[Block, Block, Block]:
    """The blocks that mark, find and drop duplicate lines."""
    signatures, found = work / "parts", work / "parts-found"
    return (
        LineSignatures(signatures, buckets),
        FindDuplicateLines(signatures, found, shards),
        DropDuplicateLines(found, buckets, settings.rules.min_num_sentences),
    )


def _span_blocks(settings: CrawlSettings, buckets: int, work: Path) -> tuple[Block, Block, Block]:
    """datatrove's blocks that mark, find and drop repeated spans."""
    signatures, found = str(work / "parts"), str(work / "parts-found")
    spans = span_settings(settings.rules.min_num_sentences)
    tokenizer: Any = PunktSentences()
    return (
        SentenceDedupSignature(signatures, buckets, spans, tokenizer),
        SentenceFindDedups(signatures, found, config=spans),
        SentenceDedupFilter(found, spans, language=tokenizer),
    )


def _page_filters(settings: CrawlSettings) -> list[Block]:
    filters: list[Block] = [PageLimit(settings.rules.max_page_length)]
    if settings.domains:
        filters.append(ListedDomains(settings.domains))
    if settings.urls:
        filters.append(ListedUrls(settings.urls))
    if settings.clean:
        filters.append(CleanPages(settings.rules, settings.badwords))
    return filters


def _writer(folder: str) -> ParquetWriter:
    return ParquetWriter(folder, adapter=_row, max_file_size=-1, schema=_SCHEMA, compression="zstd")


def _row(_writer: ParquetWriter, document: Document) -> dict[str, str]:
    metadata = document.metadata
    return {
        "text": document.text,
        "id": str(document.id),
        "url": str(metadata.get("url") or ""),
        "timestamp": str(metadata.get("timestamp") or ""),
    }
