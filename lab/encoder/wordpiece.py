"""WordPiece vocabularies: a `vocab.txt`, one piece a line, read as BERT reads it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.encoder.word_starts import begins_word
from lab.errors import DataError, nearest_path
from lab.files import replacing
from lab.vocabulary import WORD_START, encodable, keep_content, kept_content

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

KIND = "wordpiece"
GIVEN = "vocab.txt"
ENDING = ".txt"
FILE = "tokenizer.json"
"""What a stage publishes: pieces, ids and how text is normalized, in the library's own format."""
CONTINUES = "##"
"""What a piece begins with that continues a word."""
LONGEST_WORD = 200
"""Characters; a longer word is unknown."""
ROLES = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
OTHER_NAMES = {"pad": "<pad>", "unk": "<unk>"}
"""In tokenizers that were made of a SentencePiece model."""


def role_piece(role: str, ids: Container[str]) -> str | None:
    """What a vocabulary calls the piece of a role; None where it has none."""
    names = (ROLES[role], OTHER_NAMES.get(role, ROLES[role]))
    return next((name for name in names if name in ids), None)


def missing_roles(ids: Container[str]) -> list[str]:
    """The special pieces that a vocabulary lacks."""
    return [piece for role, piece in ROLES.items() if role_piece(role, ids) is None]


class WordPieces:
    """Text to ids and back by a folder that `publish` wrote. Raises DataError if it cannot be read.

    "[MASK]" and its like are plain text where they stand in a text, never the special piece.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        # Threads are this class' own, so that their number is what was asked for.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            self._tokenizer: Tokenizer = Tokenizer.from_str((folder / FILE).read_text("utf-8"))
        except Exception as error:  # the library has no class of its own
            raise DataError(
                f"{folder / FILE} cannot be read ({error}). Run the vocabulary's stage again."
            ) from error
        ids = self._tokenizer.get_vocab()
        self.pad, self.unk, self.cls, self.sep, self.mask = (
            ids[str(role_piece(role, ids))] for role in ROLES
        )
        self._spaces = any(piece.startswith(WORD_START) for piece in ids)
        self.special = frozenset((self.pad, self.cls, self.sep, self.mask))
        self.size = len(ids)

    def encode_batch(self, texts: Sequence[str], threads: int | None = None) -> list[list[int]]:
        """The ids of many texts, in order, without special pieces; see `encode_arrays`."""
        threads = threads or len(os.sched_getaffinity(0))
        share = max(1, -(-len(texts) // threads))
        whole = encodable(texts)
        shares = [whole[start : start + share] for start in range(0, len(whole), share)]
        with ThreadPoolExecutor(threads) as pool:
            return [ids for part in pool.map(self._encoded, shares) for ids in part]

    def encode_arrays(self, texts: Sequence[str], threads: int | None = None) -> list[np.ndarray]:
        """The int32 ids of many texts, in order, on all cores where `threads` is not given.

        Raises DataError for text that is not valid Unicode.
        """
        import numpy as np

        return [np.array(ids, dtype=np.int32) for ids in self.encode_batch(texts, threads)]

    def encode_offsets(
        self, texts: Sequence[str], threads: int | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The ids (n,) of each text, and of each piece (n, 2) its first character and its end."""
        import numpy as np

        return [
            (
                np.array(found.ids, dtype=np.int32),
                np.array(found.offsets, dtype=np.int64).reshape(-1, 2),
            )
            for found in self._tokenizer.encode_batch(encodable(texts))
        ]

    def normalize(self, text: str) -> str:
        """The text's words with a space between them, which is what decoding its ids gives back."""
        normalizer, apart = self._tokenizer.normalizer, self._tokenizer.pre_tokenizer
        plain = normalizer.normalize_str(text) if normalizer is not None else text
        words = [word for word, _ in apart.pre_tokenize_str(plain)]
        return " ".join(word.removeprefix(WORD_START) if self._spaces else word for word in words)

    def decode(self, ids: Iterable[int]) -> str:
        """The words of ids; padding is left out, special pieces are shown.

        Ids beyond `size`, the rows that pad an embedding, read as the unknown piece.
        """
        known = [one if one < self.size else self.unk for one in map(int, ids) if one != self.pad]
        return str(self._tokenizer.decode(known, skip_special_tokens=False))

    def starts_word(self) -> np.ndarray:
        """bool (size,): pieces that begin a word; special ones are words of their own."""
        import numpy as np

        begins = np.ones(self.size, dtype=bool)
        ids = self._tokenizer.get_vocab()
        continuing = [
            one
            for piece, one in ids.items()
            if piece.startswith(CONTINUES)
            or (self._spaces and one not in self.special and not begins_word(piece))
        ]
        begins[continuing] = False
        return begins

    def _encoded(self, texts: list[str]) -> list[list[int]]:
        return [found.ids for found in self._tokenizer.encode_batch_fast(texts)]


def given_wordpiece(file: Path, lowercase: bool) -> dict[str, Any]:
    """What names a `vocab.txt` in a stage's configuration. Raises DataError where it is none."""
    content = _read(file)
    return {
        "kind": KIND,
        "sha256": hashlib.sha256(content).hexdigest(),
        "pieces": len(_ids(content, file)),
        "lowercase": lowercase,
    }


def keep_wordpiece(file: Path) -> Path:
    """Put a copy of a `vocab.txt` into the cache, where the stage finds it by its content."""
    return keep_content(_read(file), ENDING)


def publish(file: Mapping[str, Any], out: Path) -> None:
    """Write what WordPieces reads, of the kept `vocab.txt` that `given_wordpiece` describes so.

    With `lowercase` text is lower-cased and loses its accents. Raises DataError.
    """
    tokenizer = made(kept_content(file["sha256"], ENDING), file["lowercase"])
    out.mkdir(parents=True, exist_ok=True)
    with replacing(out / FILE) as part:
        part.write_text(tokenizer.to_str(), "utf-8")


def made(content: bytes, lowercase: bool) -> Tokenizer:
    """What reads text as BERT does with a `vocab.txt`. Raises DataError."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    ids = _ids(content, Path(GIVEN))
    model = models.WordPiece(ids, unk_token=ROLES["unk"], max_input_chars_per_word=LONGEST_WORD)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(CONTINUES, cleanup=False)
    return tokenizer


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(
            f"{file} cannot be read ({error.strerror}).{nearest_path(file)} Give a {GIVEN} with "
            "one WordPiece piece a line."
        ) from error


def _ids(content: bytes, file: Path) -> dict[str, int]:
    """Piece -> the number of its line, from 0."""
    try:
        # Not splitlines: a piece may be a character that it takes for the end of a line.
        lines = content.decode("utf-8").rstrip("\r\n").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{file} is no text in UTF-8 ({error.reason} at byte {error.start}). Give a {GIVEN} "
            "with one WordPiece piece a line; SentencePiece models end in .model."
        ) from error
    ids: dict[str, int] = {}
    for number, line in enumerate(lines):
        piece = line.removesuffix("\r")
        if (first := ids.setdefault(piece, number)) != number:
            raise DataError(
                f"{file}: lines {first + 1} and {number + 1} are both {piece!r}; a piece has one "
                "id. Take one of them out, or rename it to keep the other ids."
            )
    if missing := [piece for piece in ROLES.values() if piece not in ids]:
        alike = [p for p in ids if p[:1] in "[<" and f"[{p[1:-1].upper()}]" in missing]
        found = f" It has {', '.join(alike)}." if alike else ""
        raise DataError(
            f"{file} has no {', '.join(missing)}.{found} An encoder's vocabulary has "
            f"{', '.join(ROLES.values())}, written so. Add a line for each that is missing, at the "
            "end to keep the other ids."
        )
    return ids
