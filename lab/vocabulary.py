"""SentencePiece vocabularies, with special pieces of a study's own and sentinels on top."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sentencepiece

from lab.cache import cache_folder
from lab.errors import DataError, nearest_path
from lab.files import replacing
from lab.not_fetched import instead_of
from lab.timing import Timing

if TYPE_CHECKING:
    import numpy as np

PAD, EOS, UNK = 0, 1, 2
EMBEDDING_MULTIPLE = 128
FILE = "spiece.model"
MODEL = ".model"
"""How the name of a kept SentencePiece model ends."""
SENTINEL = "<extra_id_{}>"
WORD_START = "\u2581"
"""What a piece begins with where a word begins: a space as SentencePiece writes it."""
SPECIAL = "[{}]"
"""How a special piece is shown: its role in capitals."""
LINE_LENGTH = 4000
"""Characters of a line that go into training together."""
LINES_PER_PIECE = 8
"""Lines that training reads by default; of English text more change next to nothing."""
AT_MOST = re.compile(r"set it to a value <= (\d+)")
"""How the trainer says of how many pieces it found enough."""
CHARACTER_COVERAGE = 0.99995
"""Share of characters that get a piece. The trainer's own 0.9995 leaves English without X and %."""

PUBLISHED = "published"
PUBLISHED_MEMBER = "diffsynth/tokenizer_configs/flux/tokenizer_2/spiece.model"
PUBLISHED_SHA256 = "d60acb128cf7b7f2536e8f38a5b18a05535c9e14c7a355904270e15b0945ea86"
PUBLISHED_PIECES = 32_000


def embedding_rows(ids: int) -> int:
    """Rows of an embedding of so many ids: rounded up, which matrix products like."""
    return -(-ids // EMBEDDING_MULTIPLE) * EMBEDDING_MULTIPLE


class Vocabulary:
    """Text to ids and back: pieces, special pieces, and sentinels that count down from the last.

    `path` is a folder that holds spiece.model, or the file itself; one model serves any number of
    special pieces and sentinels. `special` are roles such as ("cls", "sep", "mask"), shown as
    [CLS], [SEP], [MASK]; `ids` gives the id of each role, those of every model included. Raises
    DataError for a file that is no SentencePiece model, for ids other than pad 0, eos 1 and unk 2,
    and for a role that is given twice.
    """

    pad, eos, unk = PAD, EOS, UNK

    def __init__(
        self, path: Path | str, *, sentinels: int = 100, special: Sequence[str] = ()
    ) -> None:
        file = Path(path)
        file = file / FILE if file.is_dir() else file
        try:
            proto = file.read_bytes()
        except OSError as error:
            raise DataError(
                f"{file} cannot be read ({error.strerror}).{nearest_path(file)} Give a "
                f"SentencePiece .model file, or a folder with one named {FILE}."
            ) from error
        self.sha256 = hashlib.sha256(proto).hexdigest()
        """Of the model."""
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(proto)
        except RuntimeError as error:
            if found := instead_of(file):
                raise DataError(f"{file} {found}") from error
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
        roles = [*ids, *special]
        if len(set(roles)) < len(roles):
            raise DataError(
                f"special={list(special)}: each role once, and none of {', '.join(ids)}, which "
                "every vocabulary has."
            )
        self.special = tuple(special)
        self.ids: dict[str, int] = ids | {
            role: self.pieces + place for place, role in enumerate(special)
        }
        """Role -> id: "pad", "eos", "unk" and those of `special`."""

    @property
    def pieces(self) -> int:
        """Ids of the SentencePiece model."""
        return int(self._processor.get_piece_size())

    @property
    def size(self) -> int:
        """Pieces, special pieces and sentinels; the first sentinel is `size - 1`."""
        return self.pieces + len(self.special) + self.sentinels

    def piece(self, one: int) -> str:
        """A piece of the model as it is written there, with the mark where it begins a word."""
        return str(self._processor.id_to_piece(one))

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without EOS."""
        return list(self._processor.encode(encodable([text])[0]))

    def encode_batch(self, texts: Sequence[str], threads: int | None = None) -> list[list[int]]:
        """The ids of many texts, in order; see `encode_arrays`."""
        return [ids.tolist() for ids in self.encode_arrays(texts, threads)]

    def encode_arrays(self, texts: Sequence[str], threads: int | None = None) -> list[np.ndarray]:
        """The int32 ids of many texts, in order, on all cores where `threads` is not given.

        Lists would be built on one core, while the others wait.
        Raises DataError for text that is not valid Unicode.
        """
        if not texts:
            return []
        threads = threads or len(os.sched_getaffinity(0))
        encode = self._processor.encode
        return list(encode(encodable(texts), num_threads=threads, out_type="numpy"))

    def encode_offsets(
        self, texts: Sequence[str], threads: int | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The ids (n,) of each text, and of each piece (n, 2) its first character and its end.

        Spaces before a piece belong to it; of the pieces of one character one has it.
        """
        import numpy as np

        threads = threads or len(os.sched_getaffinity(0))
        found = self._processor.encode(
            encodable(texts), num_threads=threads, return_type="offset_mapping"
        )
        return [
            (
                np.array(one["ids"], dtype=np.int32),
                np.array(one["offsets"], dtype=np.int64).reshape(-1, 2),
            )
            for one in found
        ]

    def normalize(self, text: str) -> str:
        """The text as SentencePiece sees it, which is what decoding its ids gives back."""
        return str(self._processor.normalize(text)).replace(WORD_START, " ").strip(" ")

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids up to the first EOS; padding is left out, special pieces are shown.

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
            extra = one - self.pieces
            shown = (
                SPECIAL.format(self.special[extra].upper())
                if extra < len(self.special)
                else SENTINEL.format(self.size - 1 - one)
            )
            parts += [self._processor.decode(run), shown]
            run = []
        parts.append(self._processor.decode(run))
        return " ".join(part for part in parts if part)


def train_vocabulary(
    texts: Iterable[str],
    pieces: int,
    out: Path,
    *,
    byte_fallback: bool = False,
    max_lines: int | None = None,
) -> Path:
    """Train a unigram model of `pieces` pieces on the first lines of texts; gives spiece.model.

    By default on 8 lines a piece. One thread and no sampling, so that every machine gets the same
    model. With `byte_fallback` characters outside the model become bytes and not the unknown
    piece. Written into the folder `out` at once. Raises DataError where the text does not give
    that many pieces.
    """
    out.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=islice(_lines(texts), max_lines or LINES_PER_PIECE * pieces),
            model_writer=model,
            model_type="unigram",
            vocab_size=pieces,
            pad_id=PAD,
            eos_id=EOS,
            unk_id=UNK,
            bos_id=-1,
            byte_fallback=byte_fallback,
            character_coverage=CHARACTER_COVERAGE,
            max_sentence_length=4 * LINE_LENGTH,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise DataError(
            f"No vocabulary of {pieces} pieces can be made of this text{_remedy(error)}"
        ) from error
    _write(out / FILE, model.getvalue())
    return out / FILE


def given_vocabulary(file: str) -> dict[str, Any]:
    """What names an existing model in a stage's configuration: sha256 of its content, and pieces.

    `file` is a path, or "published" for the model of the T5 checkpoints, which is only fetched by
    `keep_vocabulary`. Raises DataError as Vocabulary does.
    """
    if file == PUBLISHED:
        return {"sha256": PUBLISHED_SHA256, "pieces": PUBLISHED_PIECES}
    path = Path(os.path.expanduser(file))
    pieces = Vocabulary(path, sentinels=0).pieces
    path = path / FILE if path.is_dir() else path
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "pieces": pieces}


def readable_vocabulary(file: str) -> Vocabulary | None:
    """An existing model, where it can be read without fetching it first; see `given_vocabulary`.

    Raises DataError as Vocabulary does.
    """
    if file != PUBLISHED:
        return Vocabulary(Path(os.path.expanduser(file)), sentinels=0)
    kept = _kept(PUBLISHED_SHA256, MODEL)
    return Vocabulary(kept, sentinels=0) if kept.is_file() else None


def keep_vocabulary(file: str) -> Path:
    """Put a copy of an existing model into the cache, where the stage finds it by its content.

    Raises DataError as `given_vocabulary` and `archives.fetch` do.
    """
    from lab.corpora.archives import ARCHIVES, read_member

    kept = _kept(given_vocabulary(file)["sha256"], MODEL)
    if kept.is_file() and hashlib.sha256(kept.read_bytes()).hexdigest() == kept.stem:
        return kept
    if file == PUBLISHED:
        content = read_member(ARCHIVES["diffsynth"], PUBLISHED_MEMBER)
    else:
        path = Path(os.path.expanduser(file))
        content = (path / FILE if path.is_dir() else path).read_bytes()
    return keep_content(content, MODEL)


def keep_content(content: bytes, ending: str) -> Path:
    """Put a vocabulary's file into the cache, under its sha256 and the ending of its name."""
    kept = _kept(hashlib.sha256(content).hexdigest(), ending)
    if not kept.is_file() or kept.read_bytes() != content:
        _write(kept, content)
    return kept


def kept_content(sha256: str, ending: str) -> bytes:
    """What `keep_content` put there. Raises DataError where it is missing or damaged."""
    kept = _kept(sha256, ending)
    try:
        content = kept.read_bytes()
    except OSError as error:
        raise DataError(
            f"{kept} is not there: the given vocabulary was not brought to this machine's "
            "cache. Run once more with vocabulary.file=... on it."
        ) from error
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise DataError(
            f"{kept} is damaged: sha256 {found}. Delete it and run once more with "
            "vocabulary.file=... on this machine."
        )
    return content


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The vocabulary stage: publishes spiece.model, trained or, with a "file", as it was given."""
    from lab.corpora import described_corpus

    if config.get("file"):
        _write(out / FILE, kept_content(config["file"]["sha256"], MODEL))
        return
    timing = Timing()
    documents = described_corpus(config["corpus"]).documents()
    with closing(documents), timing.part("pieces"):
        train_vocabulary(
            timing.each("text", documents),
            config["pieces"],
            out,
            byte_fallback=config["byte_fallback"],
            max_lines=config["lines"],
        )
    context.record(seconds=timing.seconds)


def _kept(sha256: str, ending: str) -> Path:
    return cache_folder() / "vocabularies" / f"{sha256}{ending}"


def _write(path: Path, content: bytes) -> None:
    """All of it under its name, or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_bytes(content)


def _reason(error: RuntimeError) -> str:
    """What the trainer says, without the place in its source and the condition."""
    return str(error).strip().splitlines()[-1].rpartition("] ")[2]


def _remedy(error: RuntimeError) -> str:
    """What to type, with the most pieces that the text can give where the trainer knows it."""
    if most := AT_MOST.search(str(error)):
        return f". Give more text, or vocabulary.pieces={most[1]} at most."
    return f": {_reason(error)} Give more text or fewer pieces."


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Lines with something on them; a long one in parts that the trainer accepts."""
    for text in texts:
        for line in text.splitlines():
            for start in range(0, len(line), LINE_LENGTH):
                part = line[start : start + LINE_LENGTH].strip()
                if part:
                    yield part


def encodable(texts: Sequence[str]) -> list[str]:
    """The same texts. Raises DataError for one with a lone surrogate, which no library reads."""
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
