"""Corpora as token ids: memory-mapped shards, with the documents' boundaries beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from lab.errors import DataError
from lab.files import replacing
from lab.pieces import CHUNK_LENGTH, aligned_chunk
from lab.timing import Timing
from lab.vocabulary import Vocabulary

INDEX = "index.json"
OFFSETS = "offsets.bin"
FORMAT = 1
SHARD_TOKENS = 2**28
ENCODED_TOGETHER = 1000
"""Documents that the vocabulary's threads share out."""


@dataclass(frozen=True)
class TokenizedCorpus:
    """Token ids of all documents end to end, read where they lie.

    `offsets` (documents + 1,) says where each document starts and the last one ends, in tokens;
    `shards` hold the tokens, `shard_starts` (shards + 1,) where each begins.
    """

    shards: tuple[np.ndarray, ...]
    shard_starts: np.ndarray
    offsets: np.ndarray

    @classmethod
    def open(cls, folder: Path) -> TokenizedCorpus:
        """Map the files of a folder that `write_tokens` made.

        Raises DataError where the index or a shard is missing, or not as long as the index says.
        """
        index = _read_index(folder)
        dtype = np.dtype(index["dtype"])
        shards = [_mapped(folder / s["file"], dtype, s["tokens"]) for s in index["shards"]]
        offsets = _mapped(folder / OFFSETS, np.dtype(np.int64), index["documents"] + 1)
        starts = np.cumsum([0] + [len(shard) for shard in shards], dtype=np.int64)
        if offsets[-1] != starts[-1]:
            raise DataError(
                f"{folder}: the documents end at token {offsets[-1]}, the shards at {starts[-1]}. "
                "Write the corpus again."
            )
        return cls(tuple(shards), starts, offsets)

    def __len__(self) -> int:
        return int(self.offsets[-1])

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return len(self.offsets) - 1

    def document(self, number: int) -> np.ndarray:
        """The ids of one document, counted from 0."""
        if not 0 <= number < self.documents:
            raise IndexError(f"document {number} of {self.documents}")
        return self.read(int(self.offsets[number]), int(self.offsets[number + 1]))

    def read(self, start: int, stop: int) -> np.ndarray:
        """Tokens start .. stop - 1 of the corpus, without a copy where one shard has them all."""
        if not 0 <= start <= stop <= len(self):
            raise IndexError(f"tokens {start} to {stop} of {len(self)}")
        first = int(np.searchsorted(self.shard_starts, start, side="right")) - 1
        first = min(first, len(self.shards) - 1)
        begin = int(self.shard_starts[first])
        if stop <= self.shard_starts[first + 1]:
            return self.shards[first][start - begin : stop - begin]
        cut = int(self.shard_starts[first + 1])
        return np.concatenate([self.shards[first][start - begin :], self.read(cut, stop)])

    def read_padded(self, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Stretches of the corpus side by side: int32 (N, longest), padded with 0."""
        tokens = np.zeros((len(starts), int(lengths.max(initial=0))), dtype=np.int32)
        shards = np.searchsorted(self.shard_starts, starts, side="right") - 1
        begins = starts - self.shard_starts[shards]
        whole = starts + lengths <= self.shard_starts[shards + 1]
        wanted = zip(
            shards.tolist(), begins.tolist(), lengths.tolist(), whole.tolist(), strict=True
        )
        for row, (shard, begin, length, in_shard) in enumerate(wanted):
            if in_shard:
                tokens[row, :length] = self.shards[shard][begin : begin + length]
            else:
                tokens[row, :length] = self.read(int(starts[row]), int(starts[row]) + length)
        return tokens

    def first(self, tokens: float) -> TokenizedCorpus:
        """The first `tokens` tokens (section 3.4.2); the last document may be cut."""
        if tokens < 1:
            raise DataError(f"{tokens:g} tokens of a corpus: give at least 1.")
        limit = min(int(tokens), len(self))
        kept = np.array(self.offsets[: int(np.searchsorted(self.offsets, limit))])
        return TokenizedCorpus(self.shards, self.shard_starts, np.append(kept, limit))

    def repeats(self, tokens_needed: float) -> float:
        """How often the corpus is gone through to train on that many raw tokens (Table 9)."""
        return tokens_needed / len(self)


def write_tokens(
    documents: Iterable[Sequence[int] | np.ndarray],
    folder: Path,
    *,
    pieces: int,
    shard_tokens: int = SHARD_TOKENS,
    chunk_length: int | None = CHUNK_LENGTH,
) -> dict[str, Any]:
    """Write documents of ids below `pieces` into `folder`; returns what its index says.

    See TokenWriter. Raises DataError for ids that are no pieces, and where there are no documents.
    """
    with TokenWriter(
        folder, pieces=pieces, shard_tokens=shard_tokens, chunk_length=chunk_length
    ) as writer:
        for document in documents:
            writer.add(document)
        return writer.finish()


class TokenWriter:
    """Writes documents of ids below `pieces` into `folder`, one after the other.

    Two bytes a token where they do. Of a document over `chunk_length` tokens one aligned chunk is
    kept, chosen by the document's number; documents without tokens are left out. Both are counted
    in the index, which `finish` writes last: without one the folder is no corpus.
    """

    def __init__(
        self,
        folder: Path,
        *,
        pieces: int,
        shard_tokens: int = SHARD_TOKENS,
        chunk_length: int | None = CHUNK_LENGTH,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDEX).unlink(missing_ok=True)
        self.documents = 0
        """So many were written; those without tokens do not count."""
        self._folder, self._pieces = folder, pieces
        self._shard_tokens, self._chunk_length = shard_tokens, chunk_length
        self._given = self._tokens = 0
        self._counts = {"empty_documents": 0, "cut_documents": 0, "cut_tokens": 0}
        self._shards: list[dict[str, Any]] = []
        self._shard: BinaryIO | None = None
        self._offsets = (folder / OFFSETS).open("wb")
        self._offsets.write(np.int64(0).tobytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files; without an index they are no corpus."""
        self._offsets.close()
        if self._shard is not None:
            self._shard.close()

    def add(self, document: Sequence[int] | np.ndarray) -> None:
        """Write one document. Raises DataError for ids that are no pieces."""
        ids = _checked(document, self._given, self._pieces)
        if self._chunk_length and len(ids) > self._chunk_length:
            kept = aligned_chunk(ids, np.random.default_rng(self._given), self._chunk_length)
            self._counts["cut_documents"] += 1
            self._counts["cut_tokens"] += len(ids) - len(kept)
            ids = kept
        self._given += 1
        if not len(ids):
            self._counts["empty_documents"] += 1
            return
        if self._shard is None or self._shards[-1]["tokens"] + len(ids) > self._shard_tokens:
            if self._shard is not None:
                _sync(self._shard)
                self._shard.close()
            self._shards.append({"file": f"tokens-{len(self._shards):05d}.bin", "tokens": 0})
            self._shard = (self._folder / self._shards[-1]["file"]).open("wb")
        self._shard.write(ids.astype(_dtype(self._pieces)).tobytes())
        self._shards[-1]["tokens"] += len(ids)
        self._tokens += len(ids)
        self.documents += 1
        self._offsets.write(np.int64(self._tokens).tobytes())

    def finish(self) -> dict[str, Any]:
        """Write the index, and return it. Raises DataError where there are no documents."""
        for file in filter(None, (self._offsets, self._shard)):
            _sync(file)
        if not self._tokens:
            raise DataError("There are no documents with text: a corpus needs at least one.")
        index = {
            "format": FORMAT,
            "dtype": _dtype(self._pieces).str,
            "pieces": self._pieces,
            "tokens": self._tokens,
            "documents": self.documents,
            **self._counts,
            "shards": self._shards,
        }
        with replacing(self._folder / INDEX) as part:
            part.write_text(json.dumps(index, indent=1))
        return index


def encoded(
    texts: Iterable[str],
    vocabulary: Vocabulary,
    threads: int | None = None,
    timing: Timing | None = None,
) -> Iterator[np.ndarray]:
    """The ids of each text, in order; one that is not valid Unicode raises DataError."""
    timing = timing or Timing()
    waiting = iter(texts)
    batches = iter(lambda: list(islice(waiting, ENCODED_TOGETHER)), [])
    for batch in timing.each("text", batches):
        with timing.part("tokens"):
            made = vocabulary.encode_arrays(batch, threads)
        yield from made


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The corpus stage: publishes the corpus as token ids."""
    from lab.corpora import described_corpus

    vocabulary = Vocabulary(inputs["vocabulary"])
    corpus = described_corpus(config["corpus"])
    texts = watched(corpus.documents(), corpus.approximate_tokens, context)
    timing = Timing()
    with timing.part("writing"):
        tokens = encoded(texts, vocabulary, context.threads, timing)
        index = write_tokens(tokens, out, pieces=vocabulary.pieces)
    facts = {k: index[k] for k in ("tokens", "documents", "empty_documents", "cut_tokens")}
    if empty := index["empty_documents"]:
        facts["notes"] = [f"Of the corpus' documents {empty:,} are null or empty and left out."]
    context.record(**facts, seconds=timing.seconds)


def watched(texts: Iterable[str], approximate_tokens: int, context: Any) -> Iterator[str]:
    """The same texts; tells the context about every thousandth and stops where it wants to."""
    characters = 0
    for number, text in enumerate(texts):
        characters += len(text)
        if number % ENCODED_TOGETHER == 0:
            # About four characters of English are one token.
            context.progress(min(characters // 4, approximate_tokens), approximate_tokens)
            if context.should_stop():
                context.stop()
        yield text


def _dtype(pieces: int) -> np.dtype:
    return np.dtype(np.uint16 if pieces < 2**16 else np.int32)


def _checked(document: Sequence[int] | np.ndarray, number: int, pieces: int) -> np.ndarray:
    ids = np.asarray(document, dtype=np.int64)
    if len(ids) and (ids.min() < 0 or ids.max() >= pieces):
        raise DataError(
            f"Document {number} holds the id {ids[(ids < 0) | (ids >= pieces)][0]}; accepted are "
            f"0 to {pieces - 1}. Was it encoded with another vocabulary?"
        )
    return ids


def _read_index(folder: Path) -> dict[str, Any]:
    try:
        index = json.loads((folder / INDEX).read_text())
    except OSError as error:
        raise DataError(
            f"{folder} is no tokenized corpus: {INDEX} cannot be read ({error.strerror})."
        ) from error
    except ValueError as error:
        raise DataError(
            f"{folder / INDEX} is damaged ({error}). Write the corpus again."
        ) from error
    if index.get("format") != FORMAT:
        raise DataError(
            f"{folder / INDEX}: format {index.get('format')}; this version reads {FORMAT}. "
            "Write the corpus again."
        )
    return index


def _mapped(path: Path, dtype: np.dtype, count: int) -> np.ndarray:
    wanted = count * dtype.itemsize
    found = path.stat().st_size if path.is_file() else None
    if found != wanted:
        size = "is missing" if found is None else f"has {found} bytes"
        raise DataError(f"{path} {size}; the index says {wanted}. Write the corpus again.")
    # As a plain array: a slice of it costs a tenth of a slice of np.memmap.
    return np.memmap(path, dtype=dtype, mode="r", shape=(count,)).view(np.ndarray)


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
