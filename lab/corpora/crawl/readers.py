"""datatrove's readers, made to lose nothing without a count: one task reads one shard.

datatrove's own readers leave out what they cannot decode with a log line at most; these count each
page they cannot read, keep what comes before a damaged end, and notice a file that changes.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from gzip import BadGzipFile
from pathlib import Path
from typing import Any

import orjson
from datatrove.data import Document
from datatrove.io import DataFolder
from datatrove.pipeline.readers import JsonlReader, ParquetReader
from datatrove.pipeline.readers.base import BaseDiskReader
from pyarrow import ArrowInvalid
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from lab.corpora.crawl.shards import Shard, ShardChangedError, shard_now

NO_TEXT = "page-filtered-nocontent"
NOT_UTF8 = "page-unreadable-utf8"
NOT_JSON = "page-unreadable-json"
CUT_OFF = "page-unreadable-cutoff"
_DAMAGE = (EOFError, zlib.error, BadGzipFile, ArrowInvalid, ArchiveLoadFailed)


class _ShardReader(BaseDiskReader):
    """Reads the shard of its rank, and keeps count of what could not be read."""

    def __init__(self, folder: DataFolder, shards: Sequence[Shard], problems: Path) -> None:
        super().__init__(folder)
        self.shards = list(shards)
        self.problems = problems
        self.counts: Counter[str] = Counter()

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Yield the pages of shard `rank`; what was wrong with it goes to `problems`."""
        shard = self.shards[rank]
        note = self.problems / f"{rank:05d}.json"
        note.unlink(missing_ok=True)
        self._refuse_change(shard)
        pages = 0
        try:
            for document in self.read_file(shard.path) if shard.size else ():
                pages += 1
                yield document
        except (*_DAMAGE, OSError) as error:
            self._refuse_change(shard)
            # pyarrow reports a broken column page as an OSError without a number; one with a
            # number is the system's, and trying again may help.
            if not isinstance(error, _DAMAGE) and error.errno is not None:
                raise
            self.counts["shards-damaged"] += 1
            _write(note, shard=shard.path, problem="damaged", detail=_one_line(error), pages=pages)
        else:
            if pages == 0:
                self.counts["shards-empty"] += 1
                _write(note, shard=shard.path, problem="empty", detail="holds no page", pages=0)
        self._refuse_change(shard)
        self.counts["shards-read"] += 1
        for label, count in sorted(self.counts.items()):
            self.stat_update(label, value=count)

    def get_document_from_dict(self, data: dict, source_file: str, id_in_file: int) -> Any:
        """Make a document of one page; one without text is counted and left out."""
        document = None
        if isinstance(data.get("text"), str) and data["text"]:
            document = super().get_document_from_dict(data, source_file, id_in_file)
        if document is None:
            self.counts[NO_TEXT] += 1
        return document

    def _refuse_change(self, shard: Shard) -> None:
        now = shard_now(self.data_folder, shard.path)
        if now != shard:
            raise ShardChangedError(
                f"{shard.path} changed while it was read: {shard.size} bytes when the run was "
                f"planned, {now.size} now. Type the same command again to read it anew."
            )


class JsonLines(_ShardReader, JsonlReader):
    """Reads JSON lines with the keys text, url and timestamp, each line decoded on its own."""

    def read_file(self, filepath: str) -> Iterator[Document]:
        """Yield the documents of one file."""
        with self.data_folder.open(filepath, "rb", compression="infer") as file:
            for position, line in enumerate(file):
                try:
                    # A byte order mark before the first line belongs to no page.
                    page = orjson.loads(line.decode("utf-8" if position else "utf-8-sig"))
                except UnicodeDecodeError:
                    self.counts[NOT_UTF8] += 1
                    continue
                except orjson.JSONDecodeError:
                    if line.strip():
                        self.counts[NOT_JSON] += 1
                    continue
                page = page if isinstance(page, dict) else {}
                if document := self.get_document_from_dict(page, filepath, position):
                    yield document


class Parquet(_ShardReader, ParquetReader):
    """Reads Parquet with the columns text, url and timestamp."""


class Wet(_ShardReader):
    """Reads the text records of Common Crawl's WET files.

    datatrove's reader of WARC files guesses an encoding for what is not UTF-8 and needs libmagic;
    a WET file is UTF-8 text by definition.
    """

    name = "Wet"

    def read_file(self, filepath: str) -> Iterator[Document]:
        """Yield the text records of one file, blank lines left out as C4 does."""
        with self.data_folder.open(filepath, "rb", compression="infer") as file:
            for position, record in enumerate(ArchiveIterator(file)):
                if record.rec_type != "conversion":
                    continue
                content = record.content_stream().read()
                if len(content) < int(record.rec_headers.get_header("Content-Length") or 0):
                    self.counts[CUT_OFF] += 1
                    raise EOFError("the file ends in the middle of a page")
                try:
                    lines = content.decode("utf-8").splitlines()
                except UnicodeDecodeError:
                    self.counts[NOT_UTF8] += 1
                    continue
                page = {
                    "text": "\n".join(line.strip() for line in lines if line.strip()),
                    "url": record.rec_headers.get_header("WARC-Target-URI") or "",
                    "timestamp": record.rec_headers.get_header("WARC-Date") or "",
                }
                if document := self.get_document_from_dict(page, filepath, position):
                    yield document


READERS: dict[str, type[_ShardReader]] = {"jsonl": JsonLines, "parquet": Parquet, "wet": Wet}
"""The reader of each format of `shards.FORMATS`."""


class TaskReader(ParquetReader):
    """Reads what the task of the same rank wrote in an earlier stage, if it wrote anything."""

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Yield the documents of `<rank>.parquet` in order."""
        name = f"{rank:05d}.parquet"
        if self.data_folder.isfile(name):
            yield from self.read_files_shard([name])


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _write(path: Path, **facts: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts), "utf-8")
