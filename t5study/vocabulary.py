"""SentencePiece vocabularies with sentinels on top (sections 2.2 and 3.1.4)."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import sentencepiece

from t5study.errors import DataError

PAD, EOS, UNK = 0, 1, 2
FILE = "spiece.model"
SENTINEL = "<extra_id_{}>"
LINE_LENGTH = 4000
"""Characters of a line that go into training together."""
MAX_LINES = 200_000


class Vocabulary:
    """Text to ids and back: pieces first, then `sentinels` extra ids that count down from the last.

    `path` is a folder that holds spiece.model, or the file itself; one model serves any number of
    sentinels. Raises DataError for a file that is no SentencePiece model, and for ids other than
    pad 0, eos 1 and unk 2.
    """

    pad, eos, unk = PAD, EOS, UNK

    def __init__(self, path: Path | str, *, sentinels: int = 100) -> None:
        file = Path(path)
        file = file / FILE if file.is_dir() else file
        try:
            proto = file.read_bytes()
        except OSError as error:
            raise DataError(
                f"{file} cannot be read ({error.strerror}). Give a SentencePiece .model file, or "
                f"a folder with one named {FILE}."
            ) from error
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(proto)
        except RuntimeError as error:
            raise DataError(
                f"{file} is no SentencePiece model. Give a .model file, such as the published "
                f"{FILE}."
            ) from error
        sp = self._processor
        ids = {"pad": sp.pad_id(), "eos": sp.eos_id(), "unk": sp.unk_id()}
        if ids != {"pad": PAD, "eos": EOS, "unk": UNK}:
            raise DataError(
                f"{file} numbers {ids}; accepted are pad {PAD}, eos {EOS}, unk {UNK}. Train it "
                f"with pad_id={PAD}, eos_id={EOS}, unk_id={UNK}, bos_id=-1."
            )
        if sentinels < 0:
            raise DataError(f"sentinels={sentinels}: give 0 or more.")
        self.sentinels = sentinels

    @property
    def pieces(self) -> int:
        """Ids of the SentencePiece model."""
        return int(self._processor.get_piece_size())

    @property
    def size(self) -> int:
        """Pieces and sentinels; the first sentinel is `size - 1`."""
        return self.pieces + self.sentinels

    def padded_size(self, multiple: int = 128) -> int:
        """Rows of an embedding: `size` rounded up to a multiple."""
        return -(-self.size // multiple) * multiple

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without EOS."""
        return list(self._processor.encode(_encodable([text])[0]))

    def encode_batch(self, texts: Sequence[str], threads: int | None = None) -> list[list[int]]:
        """The ids of many texts, in order, on all cores where `threads` is not given.

        Raises DataError for text that is not valid Unicode.
        """
        if not texts:
            return []
        threads = threads or len(os.sched_getaffinity(0))
        return list(self._processor.encode(_encodable(texts), num_threads=threads))

    def normalize(self, text: str) -> str:
        """The text as SentencePiece sees it, which is what decoding its ids gives back."""
        return str(self._processor.normalize(text)).replace("\u2581", " ").strip(" ")

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids up to the first EOS; padding is left out, sentinels are shown.

        Ids beyond `size`, the rows that pad an embedding, read as the unknown piece.
        """
        parts: list[str] = []
        run: list[int] = []
        for one in map(int, ids):
            if one == EOS:
                break
            if one == PAD:
                continue
            if not self.pieces <= one < self.size:
                run.append(one if 0 <= one < self.pieces else UNK)
                continue
            parts += [self._processor.decode(run), SENTINEL.format(self.size - 1 - one)]
            run = []
        parts.append(self._processor.decode(run))
        return " ".join(part for part in parts if part)


def train_vocabulary(
    texts: Iterable[str],
    pieces: int,
    out: Path,
    *,
    byte_fallback: bool = False,
    max_lines: int = MAX_LINES,
) -> Path:
    """Train a unigram model of `pieces` pieces on the first lines of texts; gives spiece.model.

    One thread and no sampling, so that every machine gets the same model. With `byte_fallback`
    characters outside the model become bytes and not the unknown piece. Written into the folder
    `out` at once. Raises DataError where the text does not give that many pieces.
    """
    out.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=islice(_lines(texts), max_lines),
            model_writer=model,
            model_type="unigram",
            vocab_size=pieces,
            pad_id=PAD,
            eos_id=EOS,
            unk_id=UNK,
            bos_id=-1,
            byte_fallback=byte_fallback,
            max_sentence_length=4 * LINE_LENGTH,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise DataError(
            f"No vocabulary of {pieces} pieces can be made of this text: "
            f"{str(error).splitlines()[-1].strip()} Give more text or fewer pieces."
        ) from error
    with tempfile.NamedTemporaryFile(dir=out, prefix=FILE, delete=False) as file:
        file.write(model.getvalue())
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, out / FILE)
    return out / FILE


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The vocabulary stage: publishes spiece.model."""
    from t5study.corpora import get_corpus

    with closing(get_corpus(config["corpus"]["name"]).documents()) as documents:
        train_vocabulary(
            documents,
            config["pieces"],
            out,
            byte_fallback=config["byte_fallback"],
            max_lines=config["lines"],
        )


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Lines with something on them; a long one in parts that the trainer accepts."""
    for text in texts:
        for line in text.splitlines():
            for start in range(0, len(line), LINE_LENGTH):
                part = line[start : start + LINE_LENGTH].strip()
                if part:
                    yield part


def _encodable(texts: Sequence[str]) -> list[str]:
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"Text with a lone surrogate cannot be encoded ({error.reason} at character "
                f"{error.start} of {text[:40]!r}...). Read the file as UTF-8 with "
                "errors='replace'."
            ) from error
    return list(texts)
