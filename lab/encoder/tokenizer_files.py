"""Vocabularies that come with a checkpoint: tokenizer.json, vocab.txt or spiece.model.

Each is read as a tokenizer whose ids are those of the checkpoint's tables.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.checkpoint_files import json_object
from lab.encoder import wordpiece
from lab.encoder.wordpiece import missing_roles
from lab.errors import DataError
from lab.not_fetched import AGAIN
from lab.unigram import lowering_tokenizer, pieces_of
from lab.vocabulary import FILE as SENTENCEPIECE

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SETTINGS = "tokenizer_config.json"
NAMES = (wordpiece.FILE, wordpiece.GIVEN, SENTENCEPIECE)
"""The first that is there is read: the one that says most of how text is read."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What vocab.txt and spiece.model leave open."""

    lowercase: bool = True
    keep_accents: bool = False
    """Of a spiece.model; a vocab.txt loses them with the capitals."""


def reading_of(folder: Path, lowercase: bool) -> Reading:
    """What a checkpoint says of its vocabulary; `lowercase` where it says nothing."""
    if not (folder / SETTINGS).is_file():
        return Reading(lowercase=lowercase)
    said = json_object(folder / SETTINGS)
    return Reading(
        lowercase=bool(said.get("do_lower_case", lowercase)),
        keep_accents=bool(said.get("keep_accents", False)),
    )


def has_specials(model: Path) -> bool:
    """Whether a SentencePiece model has the special pieces of an encoder among its own."""
    return not missing_roles(pieces_of(model.read_bytes()))


def read_tokenizer(file: Path, name: str, reading: Reading) -> Tokenizer:
    """The tokenizer that a file of the `name` is, without what puts special pieces around a text.

    Raises DataError for a file that is none, and where special pieces are missing.
    """
    if name == wordpiece.FILE:
        found = plain_tokenizer(file)
    elif name == SENTENCEPIECE:
        found = lowering_tokenizer(
            file.read_bytes(), lowercase=reading.lowercase, keep_accents=reading.keep_accents
        )
    else:
        found = wordpiece.made(file.read_bytes(), reading.lowercase)
    if missing := missing_roles(found.get_vocab()):
        raise DataError(
            f"{file} has no {', '.join(missing)}. An encoder's vocabulary has them. Give the one "
            "that the model was trained with."
        )
    return found


def plain_tokenizer(file: Path, *, processor: bool = False) -> Tokenizer:
    """A tokenizer.json without the parts that add to a text, cut it or fill it up.

    With its `processor` offsets are those of a checkpoint's own tokenizer, which leave out the
    space before a word; it also puts special pieces around a text, unless asked for none. Raises
    DataError for a file that is none.
    """
    from tokenizers import Tokenizer

    described: dict[str, Any] = json_object(file)
    described |= {"truncation": None, "padding": None, "added_tokens": []}
    if not processor:
        described["post_processor"] = None
    try:
        return Tokenizer.from_str(json.dumps(described))
    except Exception as error:  # the library has no class of its own
        raise DataError(f"{file} is no file of a tokenizer ({error}). {AGAIN}") from error
