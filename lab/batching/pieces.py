"""A tokenized corpus cut into pieces of raw text."""

from __future__ import annotations

import numpy as np

from lab.batching.layout import BatchError
from lab.corpora.tokenized import TokenizedCorpus
from lab.pieces import JOINED_DOCUMENTS

PIECES_OF_A_GROUP = 64
"""Documents are joined until a group gives so many pieces: only its last one is short."""


class Pieces:
    """Pieces of `length` tokens of a corpus, of each document or of documents put together.

    `joins_documents` puts documents together in groups of 128 with nothing between them, in larger
    groups where they are short. The short last piece of a group or document is kept.
    Raises BatchError for a corpus without a token.
    """

    def __init__(self, corpus: TokenizedCorpus, length: int, *, joins_documents: bool) -> None:
        if not len(corpus):
            raise BatchError("The corpus holds no token: nothing to train on.")
        self._corpus, self.length = corpus, length
        bounds = corpus.offsets
        if joins_documents:
            mean = len(corpus) / corpus.documents
            group = max(JOINED_DOCUMENTS, round(PIECES_OF_A_GROUP * length / mean))
            bounds = np.append(bounds[:-1:group], bounds[-1])
        self._bounds = np.asarray(bounds)
        self._firsts = np.append(0, np.cumsum(-(-np.diff(self._bounds) // length)))

    def __len__(self) -> int:
        return int(self._firsts[-1])

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of every piece."""
        return self._places(np.arange(len(self)))[1]

    def read(self, pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tokens (N, L) of pieces (N,), padded to the longest, and their lengths (N,)."""
        starts, lengths = self._places(pieces)
        return self._corpus.read_padded(starts, lengths), lengths

    def _places(self, pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where pieces (N,) begin in the corpus, and their lengths."""
        groups = np.searchsorted(self._firsts, pieces, side="right") - 1
        starts = self._bounds[groups] + self.length * (pieces - self._firsts[groups])
        return starts, np.minimum(self.length, self._bounds[groups + 1] - starts)
