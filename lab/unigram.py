"""SentencePiece models of the unigram kind as `tokenizers` writes them, and back."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import DataError
from lab.vocabulary import EOS, PAD, SENTINEL, UNK, WORD_START

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE, SETTINGS = "tokenizer.json", "tokenizer_config.json"
UNIGRAM, NORMAL, UNKNOWN, CONTROL, BYTE = 1, 1, 2, 3, 6
"""Of SentencePiece's format: a kind of model, and kinds of pieces."""
_SENTINEL = re.compile(SENTINEL.replace("{}", r"\d+"))
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_TOO_MANY_SPACES = " {2,}"


def sentencepiece_model(file: Path) -> bytes:
    """The model that the tokenizer.json of a text-to-text model is, without its sentinels.

    Raises DataError for another kind of tokenizer, and for one that changes text in a way that a
    SentencePiece model has no place for.
    """
    described = _read(file)
    model = described["model"]
    pieces = [(str(piece), float(score)) for piece, score in model["vocab"]]
    while pieces and _SENTINEL.fullmatch(pieces[-1][0]):
        pieces.pop()
    made = _proto()
    for number, (piece, score) in enumerate(pieces):
        kind = {PAD: CONTROL, EOS: CONTROL, UNK: UNKNOWN}.get(number, NORMAL)
        if model.get("byte_fallback") and _BYTE.fullmatch(piece):
            kind = BYTE
        made.pieces.add(piece=piece, score=score, type=kind)
    trainer = made.trainer_spec
    trainer.model_type, trainer.vocab_size = UNIGRAM, len(pieces)
    trainer.pad_id, trainer.eos_id, trainer.unk_id, trainer.bos_id = PAD, EOS, UNK, -1
    for number, key in ((PAD, "pad_piece"), (EOS, "eos_piece"), (UNK, "unk_piece")):
        if number < len(pieces):
            setattr(trainer, key, pieces[number][0])
    trainer.byte_fallback = bool(model.get("byte_fallback"))
    normalizer = made.normalizer_spec
    normalizer.precompiled_charsmap = _charsmap(described.get("normalizer"), file)
    normalizer.name = "given" if normalizer.precompiled_charsmap else "identity"
    normalizer.add_dummy_prefix = normalizer.remove_extra_whitespaces = True
    normalizer.escape_whitespaces = True
    return bytes(made.SerializeToString(deterministic=True))


def _proto(content: bytes = b"") -> Any:
    """A model in SentencePiece's own format."""
    from sentencepiece import sentencepiece_model_pb2 as format

    made = format.ModelProto()  # type: ignore[attr-defined]
    made.ParseFromString(content)
    return made


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
        kind = found["model"]["type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{file} is no file of a tokenizer ({error}). Download it again, or put the "
            "SentencePiece model beside it, as spiece.model."
        ) from error
    if kind != "Unigram" or found["model"].get("unk_id") != UNK:
        raise DataError(
            f"{file} is a tokenizer of the kind {kind}, unknown piece "
            f"{found['model'].get('unk_id')}; accepted is Unigram with the unknown piece {UNK}. "
            "Put a SentencePiece model beside it, as spiece.model."
        )
    assert isinstance(found, dict)
    return found


def _charsmap(normalizer: Mapping[str, Any] | None, file: Path) -> bytes:
    """The table of characters of a tokenizer's normalizers. Raises DataError for other steps."""
    steps: Sequence[Mapping[str, Any]] = [normalizer] if normalizer else []
    if normalizer and normalizer["type"] == "Sequence":
        steps = normalizer["normalizers"]
    found = b""
    for step in steps:
        if step["type"] == "Precompiled":
            found = base64.b64decode(step["precompiled_charsmap"] or "")
        elif step["type"] not in ("Strip", "Replace") or (
            step["type"] == "Replace" and step["pattern"].get("Regex") != _TOO_MANY_SPACES
        ):
            raise DataError(
                f"{file} changes text by {step['type']}, which a SentencePiece model has no place "
                "for. Put the SentencePiece model beside it, as spiece.model."
            )
    return found


def pieces_of(model: bytes) -> dict[str, int]:
    """The pieces of a SentencePiece model, and their ids."""
    return {piece.piece: number for number, piece in enumerate(_proto(model).pieces)}


def plain_tokenizer(model: bytes, behind: Sequence[str]) -> Tokenizer:
    """What reads text as a SentencePiece model does, with further pieces `behind` its own."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    read = _proto(model)
    pieces = [(piece.piece, piece.score) for piece in read.pieces]
    pieces += [(name, 0.0) for name in behind]
    bytes_too = read.trainer_spec.byte_fallback
    unk = read.trainer_spec.unk_id
    made = Tokenizer(models.Unigram(pieces, unk_id=unk, byte_fallback=bytes_too))
    if charsmap := read.normalizer_spec.precompiled_charsmap:
        made.normalizer = normalizers.Precompiled(charsmap)
    before = pre_tokenizers.Metaspace(WORD_START, "always")
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), before])
    parts = [decoders.ByteFallback(), decoders.Fuse()] if bytes_too else []
    made.decoder = decoders.Sequence([decoders.Metaspace(WORD_START, "always"), *parts])
    return made


def lowering_tokenizer(model: bytes, *, lowercase: bool, keep_accents: bool) -> Tokenizer:
    """As `plain_tokenizer`, with quotes, accents and capitals first as encoders have it."""
    from tokenizers import normalizers

    made = plain_tokenizer(model, [])
    steps: list[Any] = [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')]
    if not keep_accents:
        steps += [normalizers.NFKD(), normalizers.StripAccents()]
    if lowercase:
        steps.append(normalizers.Lowercase())
    own = [made.normalizer] if made.normalizer is not None else []
    made.normalizer = normalizers.Sequence([*steps, *own])
    return made


def tokenizer(model: bytes, sentinels: int) -> Tokenizer:
    """What reads text as a SentencePiece model does, sentinels and the end of a text too."""
    from tokenizers import AddedToken, processors

    names = [SENTINEL.format(number) for number in range(sentinels)]
    made = plain_tokenizer(model, [*reversed(names)])
    pad, end, unk = (str(made.id_to_token(number)) for number in (PAD, EOS, UNK))
    made.post_processor = processors.TemplateProcessing(
        single=f"$A {end}", pair=f"$A {end} $B {end}", special_tokens=[(end, EOS)]
    )
    special = [AddedToken(name, normalized=False) for name in (pad, end, unk, *names)]
    made.add_special_tokens(special)
    return made


def write_tokenizer(made: Tokenizer, folder: Path) -> None:
    """Write a tokenizer, and beside it what Hugging Face's library wants to know of one."""
    made.save(str(folder / FILE))
    roles = {"pad_token": PAD, "eos_token": EOS, "unk_token": UNK}
    described = {
        # Reads tokenizer.json as it is; others would leave out the pieces of single bytes.
        "tokenizer_class": "PreTrainedTokenizerFast",
        **{role: made.id_to_token(number) for role, number in roles.items()},
        "model_input_names": ["input_ids", "attention_mask"],
    }
    (folder / SETTINGS).write_text(json.dumps(described, indent=2) + "\n", "utf-8")
