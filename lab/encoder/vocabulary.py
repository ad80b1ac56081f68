"""Vocabularies of encoders: pieces of text, and the special ones [PAD], [CLS], [SEP], [MASK]."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lab import vocabulary
from lab.encoder import wordpiece
from lab.encoder.word_starts import begins_word
from lab.encoder.wordpiece import WordPieces
from lab.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np

ROLES = ("cls", "sep", "mask")
"""Special pieces on top of a SentencePiece model, whose own are padding and the unknown piece."""


class Pieces(Protocol):
    """What an encoder's study asks of a vocabulary."""

    pad: int
    cls: int
    sep: int
    mask: int
    unk: int
    special: frozenset[int]
    """Those that are never predicted: pad, cls, sep, mask."""
    size: int
    """Pieces, special ones included."""

    def encode_batch(self, texts: Sequence[str], threads: int | None = None) -> list[list[int]]:
        """The ids of many texts, in order, without special pieces."""

    def encode_arrays(self, texts: Sequence[str], threads: int | None = None) -> list[np.ndarray]:
        """The int32 ids of many texts, in order. Raises DataError for invalid Unicode."""

    def encode_offsets(
        self, texts: Sequence[str], threads: int | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The ids (n,) of each text, and of each piece (n, 2) its first character and its end.

        Spaces before a piece may belong to it.
        """

    def normalize(self, text: str) -> str:
        """The text as decoding its ids gives it back."""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; padding is left out, special pieces are shown."""

    def starts_word(self) -> np.ndarray:
        """bool (size,): pieces that begin a word; special ones are words of their own."""


class SentencePieces:
    """A SentencePiece model with [CLS], [SEP] and [MASK] behind its pieces, by its folder."""

    def __init__(self, folder: Path) -> None:
        self._vocabulary = Vocabulary(folder, sentinels=0, special=ROLES)
        ids = self._vocabulary.ids
        self.pad, self.unk = ids["pad"], ids["unk"]
        self.cls, self.sep, self.mask = (ids[role] for role in ROLES)
        self.special = frozenset((self.pad, self.cls, self.sep, self.mask))
        self.size = self._vocabulary.size
        self.encode_batch = self._vocabulary.encode_batch
        self.encode_arrays = self._vocabulary.encode_arrays
        self.encode_offsets = self._vocabulary.encode_offsets
        self.normalize = self._vocabulary.normalize
        self.decode = self._vocabulary.decode

    def starts_word(self) -> np.ndarray:
        """bool (size,): pieces that begin a word; special ones are words of their own."""
        import numpy as np

        pieces = range(self._vocabulary.pieces)
        begins = [begins_word(self._vocabulary.piece(one)) for one in pieces]
        found = np.array(begins + [True] * len(ROLES))
        found[self.pad] = True
        return found


def open_vocabulary(folder: Path) -> Pieces:
    """The vocabulary that a stage published. Raises DataError where it cannot be read."""
    return WordPieces(folder) if (folder / wordpiece.FILE).is_file() else SentencePieces(folder)


def described_vocabulary(settings: Any, file: str | None, corpus: str | None) -> dict[str, Any]:
    """What the stage of a vocabulary reads: a user's `file`, or how it is trained on `corpus`.

    Of `settings` are read `lowercase`, or `pieces`, `byte_fallback` and `lines`. Raises DataError
    for a file that is none, and for a corpus that is not there.
    """
    from lab.corpora import get_corpus, identity_of

    if file:
        return {"file": given_vocabulary(file, lowercase=settings.lowercase)}
    assert corpus is not None
    return {
        "corpus": identity_of(get_corpus(corpus)),
        "pieces": settings.pieces,
        "byte_fallback": settings.byte_fallback,
        "lines": settings.lines,
    }


def given_vocabulary(file: str, *, lowercase: bool = True) -> dict[str, Any]:
    """What names an existing vocabulary in a stage's configuration.

    `file` is a WordPiece `vocab.txt` or its folder, else a SentencePiece model as
    `lab.vocabulary.given_vocabulary` has it, with the same result; `lowercase` is of the first.
    Raises DataError.
    """
    if path := _wordpiece(file):
        return wordpiece.given_wordpiece(path, lowercase)
    return vocabulary.given_vocabulary(file)


def keep_vocabulary(file: str) -> Path:
    """Put a copy of an existing vocabulary into the cache, where the stage finds it."""
    if path := _wordpiece(file):
        return wordpiece.keep_wordpiece(path)
    return vocabulary.keep_vocabulary(file)


def vocabulary_size(config: Mapping[str, Any]) -> int:
    """Pieces, special ones included, of what a stage of this configuration publishes."""
    given = config.get("file") or config
    return int(given["pieces"]) + (0 if given.get("kind") == wordpiece.KIND else len(ROLES))


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The vocabulary stage: a WordPiece vocabulary as given, else that of `lab.vocabulary`."""
    given = config.get("file") or {}
    if given.get("kind") == wordpiece.KIND:
        wordpiece.publish(given, out)
    else:
        vocabulary.run(config, inputs, out, context)


def _wordpiece(file: str) -> Path | None:
    """The `vocab.txt` that `file` names, unless it names a SentencePiece model."""
    path = Path(os.path.expanduser(file))
    inside = path / wordpiece.GIVEN
    if inside.is_file():
        return inside
    return path if path.suffix == wordpiece.ENDING else None
