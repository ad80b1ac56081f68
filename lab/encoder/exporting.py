"""A finished stage's encoder as a folder that Hugging Face's library loads, with its tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.encoder import wordpiece
from lab.encoder.checkpoint import load_encoder
from lab.encoder.given import OURS, PUBLISHED
from lab.encoder.huggingface import PretrainedEncoder, family_of, save_huggingface
from lab.encoder.tokenizer_files import SETTINGS
from lab.encoder.vocabulary import ROLES
from lab.encoder.wordpiece import role_piece
from lab.errors import ModelError
from lab.unigram import plain_tokenizer
from lab.vocabulary import FILE as SENTENCEPIECE

if TYPE_CHECKING:
    from tokenizers import Tokenizer

GIVEN = "given"


def huggingface(
    name: str, config: Mapping[str, Any], folder: Path, inputs: Mapping[str, Path], out: Path
) -> list[str]:
    """Write config.json, model.safetensors and tokenizer.json of a stage's encoder into `out`.

    Without heads: of a fine-tuning the encoder of the checkpoint that was chosen. Gives what is to
    be said of it. Raises ModelError for a stage without an encoder, and for one that no family of
    theirs has a place for.
    """
    if not (folder / OURS).is_file():
        raise ModelError(f"{name} {folder.name} has no encoder; pretrain and finetune have one.")
    there = folder if name == GIVEN else inputs.get("vocabulary", folder)
    files = [there / one for one in PUBLISHED if (there / one).is_file()]
    if not files:
        raise ModelError(f"The vocabulary of {name} {folder.name} is not in the store any more.")
    encoder = load_encoder(folder / OURS).eval()
    family = family_of(encoder.config)
    save_huggingface(PretrainedEncoder(encoder), out, family)
    _write(_tokenizer(files[0]), out)
    return [f"The encoder of {name} {folder.name}, without heads, as a model of the kind {family}."]


def _tokenizer(file: Path) -> Tokenizer:
    """The vocabulary that a stage published, with special pieces put around texts."""
    from tokenizers import AddedToken, Tokenizer, processors

    if file.name == SENTENCEPIECE:
        special = [wordpiece.ROLES[role] for role in ROLES]
        made = plain_tokenizer(file.read_bytes(), special)
    else:
        made = Tokenizer.from_str(file.read_text("utf-8"))
    ids = made.get_vocab()
    names = [str(role_piece(role, ids)) for role in wordpiece.ROLES]
    made.add_special_tokens([AddedToken(one, normalized=False) for one in names])
    around = [(one, ids[one]) for one in (wordpiece.ROLES["cls"], wordpiece.ROLES["sep"])]
    (cls, _), (sep, _) = around
    made.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} $B:1 {sep}:1", special_tokens=around
    )
    return made


def _write(made: Tokenizer, folder: Path) -> None:
    """A tokenizer, and beside it what the library wants to know of one."""
    ids = made.get_vocab()
    made.save(str(folder / wordpiece.FILE))
    described = {
        # Reads tokenizer.json as it is.
        "tokenizer_class": "PreTrainedTokenizerFast",
        **{f"{role}_token": role_piece(role, ids) for role in wordpiece.ROLES},
        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
    }
    (folder / SETTINGS).write_text(json.dumps(described, indent=2) + "\n", "utf-8")
