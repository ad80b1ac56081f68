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

from t5study.corpora.crawl.filters import (
    CleanPages,
    Language,
    ListedDomains,
    ListedUrls,
    PageLimit,
    Tally,
    page_key,
)
from t5study.corpora.crawl.lines import HASH, DropDuplicateLines, FindDuplicateLines, LineSignatures
from t5study.corpora.crawl.readers import READERS, TaskReader
from t5study.corpora.crawl.settings import CrawlSettings
from t5study.corpora.crawl.shards import Shard
from t5study.corpora.crawl.spans import PunktSentences, span_settings

Block: TypeAlias = "PipelineStep | Callable[..., Any]"

_SHARDS_A_BUCKET = 8
_MOST_BUCKETS = 1000
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
    same_url = ExactDedupConfig(content_getter=page_key, hash_config=HASH)
    tokenizer: Any = PunktSentences()
    spans = span_settings(settings.rules.min_num_sentences)
    places = {
        name: str(work / name)
        for name in ("cleaned", "urls", "urls-found", "parts", "parts-found", "final")
    }
    once_a_url: list[Block] = [
        TaskReader(places["cleaned"]),
        ExactDedupFilter(places["urls-found"], same_url),
    ]

    mark: list[Block] = []
    decide: list[Block] = []
    drop: list[Block] = []
    if settings.deduplicate == "lines":
        signatures, found = Path(places["parts"]), Path(places["parts-found"])
        mark = [LineSignatures(signatures, buckets)]
        decide = [FindDuplicateLines(signatures, found, len(shards))]
        drop = [DropDuplicateLines(found, buckets, settings.rules.min_num_sentences)]
    elif settings.deduplicate == "spans":
        mark = [SentenceDedupSignature(places["parts"], buckets, spans, tokenizer)]
        decide = [SentenceFindDedups(places["parts"], places["parts-found"], config=spans)]
        drop = [SentenceDedupFilter(places["parts-found"], spans, language=tokenizer)]

    steps = [
        Step(
            name="clean",
            tasks=len(shards),
            blocks=[
                READERS[str(shards[0].format)](get_datafolder(folder), shards, work / "problems"),
                Tally("read"),
                *_page_filters(settings),
                Tally("cleaned"),
                _writer(places["cleaned"]),
                ExactDedupSignature(places["urls"], same_url, buckets),
            ],
        ),
        Step(
            name="find-urls",
            tasks=buckets,
            blocks=[ExactFindDedups(places["urls"], places["urls-found"], same_url)],
        ),
    ]
    if mark:
        steps += [
            Step(name="mark", tasks=len(shards), blocks=[*once_a_url, *mark]),
            Step(name="find-duplicates", tasks=buckets, blocks=decide),
        ]
    language = (
        [Language(settings.language, settings.min_language_probability)]
        if settings.language
        else []
    )
    last = [
        *once_a_url,
        Tally("unique"),
        *drop,
        Tally("distinct"),
        *language,
        Tally("written"),
        _writer(places["final"]),
    ]
    steps.append(Step(name="finish", tasks=len(shards), blocks=last))
    return steps


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
