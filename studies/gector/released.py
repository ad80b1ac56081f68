"""Taggers as the paper's authors released them, in a folder with the files of their encoder.

The folder has one file of weights ending in .th, labels.txt and d_tags.txt (the classes of the two
heads, one a line), and config.json and tokenizer.json, or a BERT's vocab.txt, as Hugging Face has
them. BERT and RoBERTa are read, in the form of the second release (2021): no [CLS] and no [SEP],
the sentence cut into pieces as a whole, $START in front of it, which is a piece of its own where
the table of words has a row for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from lab.checkpoint_files import read_settings
from lab.encoder.huggingface import encoder_of
from lab.encoder.tokenizer_files import plain_tokenizer
from lab.encoder.wordpiece import FILE as TOKENIZER
from lab.encoder.wordpiece import GIVEN as PIECES
from lab.encoder.wordpiece import made
from lab.errors import DataError, ModelError, unknown
from lab.kernels.dense import Linear
from lab.weight_files import read_pickled
from studies.gector.model import Tagger
from studies.gector.pieces import kept_pieces, pieces_of_words
from studies.gector.reading import INCORRECT
from studies.gector.sentences import Read, Sentence
from studies.gector.tags.tag import DELETE, KEEP, PADDING, START, UNKNOWN

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WEIGHTS = "*.th"
LABELS, ERRORS = "labels.txt", "d_tags.txt"
KINDS = ("bert", "roberta")
WORDS = "embeddings.word_embeddings.weight"
HEADS = {
    "tag_head": "tag_labels_projection_layer._module.",
    "error_head": "tag_detect_projection_layer._module.",
}
"""Ours and theirs."""
LONGEST = 512


def is_released(folder: Path) -> bool:
    """Whether the folder is meant as a released tagger."""
    return (folder / LABELS).is_file()


@dataclass(frozen=True, kw_only=True)
class WholeReader:
    """Cuts a sentence with $START in front into pieces at once, as the released taggers read it."""

    tokenizer: Tokenizer
    tokens: int = 51
    """The most tokens of a sentence, $START among them."""
    per_word: int = 5
    longest: int = LONGEST
    pad: int = field(default=0, init=False)

    def read(self, sentences: Sequence[Sentence]) -> list[Read]:
        """The pieces of sentences, in order, and where each token's first one stands."""
        cut = [[START, *sentence[: self.tokens - 1]] for sentence in sentences]
        texts = [" ".join(words) for words in cut]
        found = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        return [self._read(words, one) for words, one in zip(cut, found, strict=True)]

    def _read(self, words: Sequence[str], encoded: Any) -> Read:
        spans, at = [], 0
        for word in words:
            spans.append((at, at + len(word)))
            at += len(word) + 1
        numbers = pieces_of_words(spans, encoded.offsets)
        ids = [[encoded.ids[number] for number in those] for those in numbers]
        kept, places = kept_pieces(ids, self.per_word, self.longest)
        return Read(np.array(kept, np.int32), places)


def open_released(folder: Path, *, device: str = "cpu") -> tuple[Tagger, WholeReader]:
    """The tagger of a folder in evaluation mode, and its reader.

    Raises DataError or ModelError for a file that is missing, several of weights, another encoder,
    and classes that the heads do not have.
    """
    settings = read_settings(folder)
    kind = str(settings.get("model_type"))
    if kind not in KINDS:
        raise ModelError(f"{folder}: {unknown('model_type', kind, KINDS)}")
    weights = read_pickled(_weights_file(folder))
    prefix = next((name[: -len(WORDS)] for name in weights if name.endswith(WORDS)), None)
    if prefix is None:
        raise ModelError(f"{folder}: its weights have no {WORDS}: they are no tagger's.")
    inside = {
        name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)
    }
    pieces = len(inside[WORDS])
    encoder = encoder_of({**settings, "vocab_size": pieces}, inside, folder).encoder
    tagger = Tagger(encoder, _tags(folder))
    tagger.error_head = Linear(encoder.config.width, len(_lines(folder / ERRORS)))
    for ours, theirs in HEADS.items():
        _fill(getattr(tagger, ours), weights, theirs, folder)
    _put_incorrect_second(tagger.error_head, _lines(folder / ERRORS), folder)
    reader = WholeReader(
        tokenizer=_tokenizer(folder, pieces), longest=min(LONGEST, encoder.config.positions)
    )
    return tagger.eval().to(device), reader


def _weights_file(folder: Path) -> Path:
    found = sorted(folder.glob(WEIGHTS))
    if len(found) == 1:
        return found[0]
    names = f"{len(found)} files: {', '.join(path.name for path in found)}" if found else "none"
    raise ModelError(f"{folder}: one file {WEIGHTS} is read, and it has {names}.")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}). A released tagger has {LABELS} and "
            f"{ERRORS}, the folder output_vocabulary of its code."
        ) from error


def _tags(folder: Path) -> list[str]:
    """The classes of tags, by their names in this study, which are the released ones."""
    tags = _lines(folder / LABELS)
    if tags[:2] != [KEEP, DELETE] or not {UNKNOWN, PADDING} <= set(tags):
        raise DataError(
            f"{folder / LABELS} is no list of tags: it begins with {KEEP} and {DELETE} and has "
            f"{UNKNOWN} and {PADDING}; this one begins with {', '.join(tags[:2]) or 'nothing'}."
        )
    return tags


def _fill(head: nn.Linear, weights: Mapping[str, Tensor], name: str, folder: Path) -> None:
    for last, parameter in head.named_parameters():
        found = weights.get(name + last)
        if found is None or found.shape != parameter.shape:
            there = "missing" if found is None else f"of shape {tuple(found.shape)}"
            raise ModelError(
                f"{folder}: {name}{last} is {there}, and {LABELS}, {ERRORS} and config.json ask "
                f"for {tuple(parameter.shape)}: they belong to another tagger."
            )
        parameter.data.copy_(found)


def _put_incorrect_second(head: nn.Linear, classes: Sequence[str], folder: Path) -> None:
    """The class that a tagger reads its probability of an error at is 1."""
    if INCORRECT not in classes:
        raise DataError(f"{folder / ERRORS} has no {INCORRECT}.")
    order = [n for n, name in enumerate(classes) if name != INCORRECT]
    order.insert(1, classes.index(INCORRECT))
    with torch.no_grad():
        head.weight.copy_(head.weight[order])
        head.bias.copy_(head.bias[order])


def _tokenizer(folder: Path, pieces: int) -> Tokenizer:
    """Of the encoder; $START is a piece behind the others where the table has a row for it."""
    if (folder / TOKENIZER).is_file():
        found = plain_tokenizer(folder / TOKENIZER, processor=True)
    elif (folder / PIECES).is_file():
        found = made((folder / PIECES).read_bytes(), lowercase=False)
    else:
        raise DataError(f"{folder} has neither {TOKENIZER} nor {PIECES}: copy its encoder's here.")
    if pieces == found.get_vocab_size() + 1:
        found.add_tokens([START])
    if pieces != found.get_vocab_size():
        raise ModelError(
            f"{folder}: the table of words has {pieces:,} rows and the tokenizer "
            f"{found.get_vocab_size():,} pieces; they are equal, or one row more is {START}."
        )
    return found
