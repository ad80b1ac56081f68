"""Sentences as an encoder reads them: pieces of words, and how they stand in a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np

from lab.batching.layout import Batch
from lab.batching.placing import put
from lab.batching.ragged import Ragged, ranges
from lab.encoder.vocabulary import Pieces
from studies.gector.pieces import kept_pieces

Sentence = Sequence[str]
CLS_AND_SEP = 2


class Read(NamedTuple):
    """A sentence as pieces: [CLS], which stands for $START, the words' pieces, [SEP]."""

    pieces: np.ndarray
    at: list[int]
    """Where $START and each word begin; words beyond the longest input are left out."""


class Reads(Protocol):
    """What a corrector asks of what cuts sentences into pieces."""

    @property
    def pad(self) -> int:
        """The piece behind a sentence's."""

    @property
    def tokens(self) -> int:
        """The most tokens of a sentence, $START among them."""

    @property
    def longest(self) -> int:
        """The most pieces of a sentence."""

    def read(self, sentences: Sequence[Sentence]) -> list[Read]:
        """The pieces of sentences, in order."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Cuts words into pieces, each word by itself, and sentences to their longest."""

    pieces: Pieces
    tokens: int = 50
    """The most tokens of a sentence, $START among them."""
    per_word: int = 5
    """The most pieces of a word."""
    longest: int = 512
    """The most pieces of a sentence, [CLS] and [SEP] among them."""
    threads: int | None = None

    @property
    def pad(self) -> int:
        """The piece behind a sentence's."""
        return self.pieces.pad

    def read(self, sentences: Sequence[Sentence]) -> list[Read]:
        """The pieces of sentences, in order. A word without a piece is the unknown one."""
        cut = [sentence[: self.tokens - 1] for sentence in sentences]
        words = [*dict.fromkeys(chain.from_iterable(cut))]
        encoded = self.pieces.encode_arrays(words, self.threads) if words else []
        unknown = np.array([self.pieces.unk], np.int32)
        known = {w: ids if len(ids) else unknown for w, ids in zip(words, encoded, strict=True)}
        return [self._read([known[word] for word in sentence]) for sentence in cut]

    def _read(self, words: list[np.ndarray]) -> Read:
        most = self.longest - CLS_AND_SEP
        kept, places = kept_pieces([word.tolist() for word in words], self.per_word, most)
        ids = np.array([self.pieces.cls, *kept, self.pieces.sep], np.int32)
        return Read(ids, [0, *(place + 1 for place in places)])


@dataclass(frozen=True, kw_only=True)
class SentenceLayout:
    """A sentence a row: pieces `tokens`, `real` (B, T), and words `at`, `words`, `tags` (B, N)."""

    pad: int
    longest: int
    tokens: int

    @property
    def widths(self) -> tuple[int, ...]:
        """Pieces and tokens of a row."""
        return (self.longest, self.tokens)

    def lengths(self, *fields: np.ndarray) -> np.ndarray:
        """Pieces and tokens that sentences take, (N, 2)."""
        pieces, at, _ = fields
        return np.stack([pieces, at], axis=1)

    def empty(self, rows: int, widths: Sequence[int]) -> Batch:
        """A batch of padding."""
        pieces, tokens = widths
        batch = {name: np.zeros((rows, tokens), np.int64) for name in ("at", "words", "tags")}
        batch["real"] = np.zeros((rows, pieces), np.int64)
        return batch | {"tokens": np.full((rows, pieces), self.pad, np.int64)}

    def write(self, batch: Batch, fields: Sequence[Ragged], rows: np.ndarray) -> None:
        """Put sentences into rows (N,)."""
        pieces, at, tags = fields
        for names, field in ((("tokens", "real"), pieces), (("at", "words", "tags"), at)):
            width = batch[names[0]].shape[1]
            places = np.repeat(rows * width, field.lengths) + ranges(field.lengths)
            put(batch[names[0]], places, field.tokens)
            put(batch[names[1]], places, 1)
            for name in names[2:]:
                put(batch[name], places, tags.tokens)

    def finish(self, batch: Batch) -> Batch:
        """Nothing follows."""
        return batch

    def occupied(self, batch: Batch) -> Mapping[str, tuple[int, int]]:
        """Positions that hold a piece or a token, and all positions."""
        return {name: (int(batch[name].sum()), batch[name].size) for name in ("real", "words")}

    def truncated(self, fields: Sequence[Ragged]) -> Mapping[str, int]:
        """None: sentences come cut."""
        return {}

    def batch(self, sentences: Sequence[Read], tags: Iterable[Sequence[int]] = ()) -> Batch:
        """Sentences (B,) as one batch as wide as they are; without tags all are 0."""
        fields = fields_of(sentences, tags)
        widths = self.lengths(*(field.lengths for field in fields)).max(axis=0)
        batch = self.empty(len(sentences), widths)
        self.write(batch, fields, np.arange(len(sentences)))
        return batch


def fields_of(
    sentences: Sequence[Read], tags: Iterable[Sequence[int]] = ()
) -> tuple[Ragged, Ragged, Ragged]:
    """What the layout places, of sentences and the classes of their tokens' tags."""
    at = Ragged.of(sentence.at for sentence in sentences)
    given = [*tags] or [[0] * len(sentence.at) for sentence in sentences]
    return Ragged.of(sentence.pieces for sentence in sentences), at, Ragged.of(given)
