"""SentencePiece vocabularies with sentinels on top (sections 2.2 and 3.1.4)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sentencepiece

from t5study.errors import DataError

PAD, EOS, UNK = 0, 1, 2
FILE = "spiece.model"


class Vocabulary:
    """Text to ids and back: pieces first, then `sentinels` ids of which the last is the first.

    `path` is a folder that holds spiece.model, or the file itself. The published models number
    pad 0, eos 1 and unk 2; others are refused with DataError.
    """

    pad, eos, unk = PAD, EOS, UNK

    def __init__(self, path: Path, *, sentinels: int = 100) -> None:
        file = path / FILE if path.is_dir() else path
        if not file.is_file():
            raise DataError(f"{file}: no such vocabulary. Give a SentencePiece .model file.")
        self._processor = sentencepiece.SentencePieceProcessor(model_file=str(file))
        ids = {
            "pad": self._processor.pad_id(),
            "eos": self._processor.eos_id(),
            "unk": self._processor.unk_id(),
        }
        if ids != {"pad": PAD, "eos": EOS, "unk": UNK}:
            raise DataError(f"{file}: ids are {ids}; accepted are pad 0, eos 1, unk 2.")
        self.sentinels = sentinels

    @property
    def pieces(self) -> int:
        """Ids of the SentencePiece model."""
        return int(self._processor.get_piece_size())

    @property
    def size(self) -> int:
        """Pieces and sentinels; the first sentinel is `size - 1`."""
        return self.pieces + self.sentinels

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without EOS."""
        return list(self._processor.encode(text))

    def encode_batch(self, texts: Sequence[str], threads: int = 1) -> list[list[int]]:
        """The ids of many texts, in order."""
        return list(self._processor.encode(list(texts), num_threads=threads)) if texts else []

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids up to the first EOS; padding is left out, sentinels are shown."""
        parts: list[str] = []
        run: list[int] = []
        for one in map(int, ids):
            if one == EOS:
                break
            if one == PAD:
                continue
            if one < self.pieces:
                run.append(one)
                continue
            parts += [self._processor.decode(run)] if run else []
            parts.append(f"<extra_id_{self.size - 1 - one}>")
            run = []
        parts += [self._processor.decode(run)] if run else []
        return " ".join(parts)


def train_vocabulary(
    texts: Iterable[str],
    pieces: int,
    out: Path,
    *,
    byte_fallback: bool = False,
    characters: float = 1e9,
) -> None:
    """Train a unigram model of `pieces` pieces, and write out/spiece.model.

    It reads the lines of the first texts, up to `characters` in all. One thread and a fixed order
    of lines, so that every machine gets the same model.
    """
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=_lines(texts, characters),
        model_writer=model,
        model_type="unigram",
        vocab_size=pieces,
        pad_id=PAD,
        eos_id=EOS,
        unk_id=UNK,
        bos_id=-1,
        byte_fallback=byte_fallback,
        num_threads=1,
        minloglevel=2,
    )
    (out / FILE).write_bytes(model.getvalue())


def _lines(texts: Iterable[str], characters: float) -> Iterator[str]:
    read = 0
    for text in texts:
        if read >= characters:
            return
        read += len(text)
        yield from (line for line in text.splitlines() if line.strip())


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The vocabulary stage: publishes spiece.model."""
    from t5study.corpora import get_corpus

    with closing(get_corpus(config["corpus"]["name"]).documents()) as documents:
        train_vocabulary(
            documents,
            config["pieces"],
            out,
            byte_fallback=config["byte_fallback"],
            characters=config["characters"],
        )
    (out / "vocabulary.json").write_text(json.dumps({"pieces": config["pieces"]}))
