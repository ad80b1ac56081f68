"""A model that is given in place of pre-training: `pretrain.from`, with its vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from lab import given_files
from lab.by_content import remembered
from lab.checkpoint_files import SETTINGS, checkpoint_files, json_object, read_settings
from lab.errors import ModelError, StudyError
from lab.text_to_text.config import ModelConfig
from lab.text_to_text.flops import parameters
from lab.unigram import FILE as TOKENIZER
from lab.unigram import sentencepiece_model
from lab.vocabulary import (
    EOS,
    FILE,
    MODEL,
    PAD,
    Vocabulary,
    keep_content,
    keep_vocabulary,
)
from t5study.config import Pretrain, Schema, VocabularySettings

OURS = "model.pt"
SENTINELS = 100
"""As many as T5 has, where the embedding has rows for them."""
IDS = {"pad_token_id": PAD, "eos_token_id": EOS, "decoder_start_token_id": PAD}
UNREAD = (
    *("architecture", "objective", "dataset", "size", "corruption", "span_length"),
    *(f"vocabulary.{one.name}" for one in fields(VocabularySettings) if one.name != "file"),
    *("model.feed_forward", "model.tie_embeddings", "strategy.unsupervised_examples"),
)
"""Settings of what was done before, by a model that is given."""
OF_TRAINING = (
    *(f"pretrain.{one.name}" for one in fields(Pretrain) if one.name not in ("from_", "store")),
    *("scaling.pretrain_steps", "scaling.pretrain_batch", "scaling.members"),
)
"""Settings of the training before fine-tuning: read where it mixes tasks, from the given model."""
MIXED = "supervised_multitask"
"""The strategy that trains a given model further, on all tasks, before each is fine-tuned."""
UNUSED_ROWS = 512
"""Of an embedding without a piece: more than round its size up are worth a word."""


@dataclass(frozen=True, kw_only=True)
class GivenModel:
    """A pre-trained model and its vocabulary, by their files."""

    name: str
    """What a table calls it."""
    files: Mapping[str, Path]
    """What is read of it, by name; the vocabulary as a SentencePiece model."""
    config: ModelConfig
    pieces: int
    sentinels: int

    @property
    def description(self) -> dict[str, Any]:
        """What names it in a stage's configuration."""
        return {"files": given_files.describe(self.files), "sentinels": self.sentinels}

    @property
    def words(self) -> str:
        """What it is, in a few words and figures."""
        config = self.config
        depth = f"{config.num_layers}"
        if config.layout.encoder:
            depth += f" + {config.num_decoder_layers}"
        return (
            f"{self.name} ({config.architecture}, {config.feed_forward}, {depth} blocks of width "
            f"{config.d_model}, {parameters(config):,} parameters, {self.pieces:,} pieces; "
            f"{given_files.weights_hash(self.files)})"
        )

    @property
    def unused(self) -> int:
        """Rows of the embedding that neither a piece nor a sentinel has."""
        return self.config.vocab_size - self.pieces - self.sentinels


def given_model(config: Schema) -> GivenModel | None:
    """The model that `pretrain.from` names; None where there is none.

    Raises StudyError for one that cannot be read or whose vocabulary does not fit, whose message
    begins with what was typed.
    """
    typed = config.pretrain.from_
    if typed is None:
        return None
    try:
        return _found(typed, config)
    except StudyError as error:
        raise StudyError(f"pretrain.from={typed}: {error}") from error


def _found(typed: str, config: Schema) -> GivenModel:
    folder = given_files.place_of(typed, Path(config.pretrain.store), "Hugging Face T5")
    if (folder / given_files.STAGE).is_file():
        return _of_stage(folder)
    return _of_huggingface(folder, config.vocabulary.file)


def _of_stage(folder: Path) -> GivenModel:
    """What a stage of pre-training published, and the vocabulary that it read."""
    described = json_object(folder / given_files.STAGE)
    settings = described.get("config", {}).get("model")
    if not isinstance(settings, Mapping) or not (folder / OURS).is_file():
        raise ModelError(
            f"{folder} is no stage of pre-training of the T5 study: it has no {OURS}. Give one of "
            "the folders under pretrain/ of a store."
        )
    vocabulary = folder.parents[1] / "vocabulary" / described["inputs"]["vocabulary"] / FILE
    if not vocabulary.is_file():
        raise ModelError(
            f"its vocabulary, {vocabulary}, is not there. Copy it too: `python -m sweeps export` "
            "writes stages with all that they read."
        )
    return _fitting(
        name=f"pretrain {folder.name}",
        files={OURS: folder / OURS, FILE: vocabulary},
        config=ModelConfig(**settings),
        sentinels=int(described["config"]["sentinels"]),
    )


def _of_huggingface(folder: Path, vocabulary: str | None) -> GivenModel:
    files = checkpoint_files(folder)
    settings = read_settings(folder)
    for key, needed in IDS.items():
        if settings.get(key, needed) not in (needed, None):
            raise ModelError(
                f"{SETTINGS} has {key}={settings[key]}; a T5 has {needed}, and what is trained "
                "here reads it so. Give a T5, v1.1 or mT5."
            )
    facts = {"read": "t5study.given_model", "version": 1, "files": given_files.describe(files)}
    found = remembered(facts, lambda: _read(folder))
    return _fitting(
        name=folder.resolve().name,
        files={**files, FILE: _vocabulary(folder, vocabulary)},
        config=ModelConfig(**found),
        sentinels=None,
    )


def _read(folder: Path) -> dict[str, Any]:
    """The settings of the model that the files hold, which are all read. Raises ModelError."""
    from t5study.model.huggingface import load_huggingface

    try:
        return asdict(load_huggingface(folder).config)
    except (TypeError, ValueError, KeyError) as error:
        raise ModelError(
            f"{folder / SETTINGS} holds what no T5 has ({error}). Give the folder that "
            "save_pretrained wrote, as it is."
        ) from error


def _vocabulary(folder: Path, given: str | None) -> Path:
    """The SentencePiece model of a checkpoint, its own before the one that was typed."""
    if (folder / FILE).is_file():
        return folder / FILE
    if (folder / TOKENIZER).is_file():
        return keep_content(sentencepiece_model(folder / TOKENIZER), MODEL)
    if given:
        return keep_vocabulary(given)
    raise ModelError(
        f"it has no vocabulary: neither {FILE} nor {TOKENIZER}. Put the one of the model there, or "
        "name it by vocabulary.file=FILE (vocabulary.file=published is that of the T5 "
        "checkpoints)."
    )


def _fitting(
    *, name: str, files: Mapping[str, Path], config: ModelConfig, sentinels: int | None
) -> GivenModel:
    """A model with a vocabulary that its embedding has rows for. Raises ModelError, DataError."""
    pieces, rows = Vocabulary(files[FILE], sentinels=0).pieces, config.vocab_size
    if pieces > rows:
        raise ModelError(
            f"its vocabulary has {pieces:,} pieces and its embedding only {rows:,} rows: they do "
            "not belong together. Put the vocabulary that the model was trained with into its "
            "folder."
        )
    if sentinels is None:
        sentinels = min(SENTINELS, rows - pieces)
    return GivenModel(name=name, files=files, config=config, pieces=pieces, sentinels=sentinels)


def unread(config: Schema) -> dict[str, str]:
    """The settings of pre-training that are not read where its model is given, and why."""
    if config.pretrain.from_ is None:
        return {}
    why = (
        f"not read, because pretrain.from={config.pretrain.from_} is trained already. Leave it "
        "out; or leave out pretrain.from, to pre-train here."
    )
    of_training = () if config.strategy.name == MIXED else OF_TRAINING
    return dict.fromkeys((*UNREAD, *of_training), why)
