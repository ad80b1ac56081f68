"""An encoder that is given in place of pre-training, with its vocabulary; torch-free but `run`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from lab import given_files
from lab.by_content import file_sha256, remembered
from lab.checkpoint_files import checkpoint_files, json_object
from lab.encoder import wordpiece
from lab.encoder.config import EncoderConfig
from lab.encoder.cost import parameters
from lab.encoder.suite.settings import Start, SuiteSchema, VocabularySettings
from lab.encoder.tokenizer_files import (
    NAMES,
    Reading,
    has_specials,
    read_tokenizer,
    reading_of,
)
from lab.encoder.vocabulary import ROLES, keep_vocabulary
from lab.errors import ModelError, StudyError
from lab.vocabulary import FILE as SENTENCEPIECE
from lab.vocabulary import Vocabulary

OURS, NETWORKS = "encoder.pt", "networks.pt"
PUBLISHED = (SENTENCEPIECE, wordpiece.FILE)
"""Of a stage of vocabulary."""
KIND = "Hugging Face encoder"


@dataclass(frozen=True, kw_only=True)
class GivenEncoder:
    """A pre-trained encoder and its vocabulary, by their files."""

    name: str
    """What a table calls it."""
    files: Mapping[str, Path]
    """What is read of it, by name."""
    shape: EncoderConfig
    pieces: int
    """Of the vocabulary, special ones included."""
    reading: Reading

    @property
    def description(self) -> dict[str, Any]:
        """What names it in a stage's configuration."""
        return {"files": given_files.describe(self.files), "reading": asdict(self.reading)}

    @property
    def words(self) -> str:
        """What it is, in a few words and figures."""
        shape = self.shape
        return (
            f"{self.name} ({shape.layers} layers of width {shape.width}, "
            f"{parameters(shape):,} parameters, {self.pieces:,} pieces; "
            f"{given_files.weights_hash(self.files)})"
        )


def given_encoder(start: Start, vocabulary: VocabularySettings) -> GivenEncoder | None:
    """The encoder that `pretrain.from` names; None where there is none.

    Raises StudyError for one that cannot be read or whose vocabulary does not fit, whose message
    begins with what was typed.
    """
    if start.from_ is None:
        return None
    try:
        folder = given_files.place_of(start.from_, Path(start.store), KIND)
        if (folder / given_files.STAGE).is_file():
            return _of_stage(folder)
        return _of_checkpoint(folder, vocabulary)
    except StudyError as error:
        raise StudyError(f"pretrain.from={start.from_}: {error}") from error


def _of_stage(folder: Path) -> GivenEncoder:
    """What a stage of pre-training published, and the vocabulary that it read."""
    described = json_object(folder / given_files.STAGE)
    settings = described.get("config", {}).get("encoder")
    if not isinstance(settings, Mapping) or not (folder / OURS).is_file():
        raise ModelError(
            f"{folder} is no stage that pre-trained an encoder: it has no {OURS}. Give one of the "
            "folders under pretrain/ of a store."
        )
    there = folder.parents[1] / "vocabulary" / described["inputs"]["vocabulary"]
    name = next((one for one in PUBLISHED if (there / one).is_file()), None)
    if name is None:
        raise ModelError(
            f"its vocabulary, {there}, is not there. Copy it too: `python -m sweeps export` writes "
            "stages with all that they read."
        )
    files = {one: folder / one for one in (OURS, NETWORKS) if (folder / one).is_file()}
    return _fitting(
        name=f"pretrain {folder.name}",
        files={**files, name: there / name},
        shape=EncoderConfig(**settings),
        reading=Reading(),
    )


def _of_checkpoint(folder: Path, vocabulary: VocabularySettings) -> GivenEncoder:
    files = checkpoint_files(folder)
    facts = {"read": "lab.encoder.given", "version": 1, "files": given_files.describe(files)}
    found = remembered(facts, lambda: _read(folder))
    name = next((one for one in NAMES if (folder / one).is_file()), None)
    if name is not None:
        file = folder / name
    elif vocabulary.file:
        file = keep_vocabulary(vocabulary.file)
        name = wordpiece.GIVEN if file.suffix == wordpiece.ENDING else SENTENCEPIECE
    else:
        raise ModelError(
            f"it has no vocabulary: none of {', '.join(NAMES)}. Put the one of the model there, or "
            "name it by vocabulary.file=FILE."
        )
    return _fitting(
        name=folder.resolve().name,
        files={**files, name: file},
        shape=EncoderConfig(**found),
        reading=Reading() if name == wordpiece.FILE else reading_of(folder, vocabulary.lowercase),
    )


def _read(folder: Path) -> dict[str, Any]:
    """The shape of the encoder that the files hold, which are all read. Raises ModelError."""
    from lab.encoder.huggingface import load_huggingface

    try:
        return asdict(load_huggingface(folder).encoder.config)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(
            f"{folder / 'config.json'} holds what no encoder has ({error}). Give the folder that "
            "save_pretrained wrote, as it is."
        ) from error


def _fitting(
    *, name: str, files: Mapping[str, Path], shape: EncoderConfig, reading: Reading
) -> GivenEncoder:
    """An encoder with a vocabulary that its table has rows for. Raises ModelError, DataError."""
    (vocabulary,) = (one for one in files if one in NAMES)
    facts = {
        "pieces": "lab.encoder.given",
        "version": 1,
        "name": vocabulary,
        "sha256": file_sha256(files[vocabulary]),
        "reading": asdict(reading),
    }
    pieces = remembered(facts, lambda: _pieces(files[vocabulary], vocabulary, reading))
    if pieces > shape.vocabulary:
        raise ModelError(
            f"its vocabulary has {pieces:,} pieces and its table only {shape.vocabulary:,} rows: "
            "they do not belong together. Put the vocabulary that the model was trained with into "
            "its folder."
        )
    return GivenEncoder(name=name, files=files, shape=shape, pieces=pieces, reading=reading)


def _pieces(file: Path, name: str, reading: Reading) -> int:
    if name == SENTENCEPIECE and not has_specials(file):
        return Vocabulary(file, sentinels=0, special=ROLES).size
    return int(read_tokenizer(file, name, reading).get_vocab_size())


def unread(config: SuiteSchema, start: Start, keys: tuple[str, ...]) -> dict[str, str]:
    """The settings of pre-training that are not read where its encoder is given, and why.

    `keys` are those of the study beside the ones that studies have alike.
    """
    if start.from_ is None:
        return {}
    alike = [f"pretrain.{one.name}" for one in fields(start) if one.name not in ("from_", "store")]
    alike += [f"vocabulary.{one.name}" for one in fields(config.vocabulary) if one.name != "file"]
    why = (
        f"not read, because pretrain.from={start.from_} is trained already. Leave it out; or leave "
        "out pretrain.from, to pre-train here."
    )
    return dict.fromkeys(("dataset", "rows", *alike, *keys), why)


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """The stage "given": publishes encoder.pt, its pooler where it has one, and the vocabulary.

    Raises DataError and ModelError for files that are not there any more, or not as they were.
    """
    from lab.encoder.checkpoint import POOLER, pooler_weights, save_encoder, save_pooler
    from lab.encoder.huggingface import load_huggingface
    from lab.training import checkpoint

    with given_files.together(config["files"], "pretrain.from=FOLDER") as folder:
        (vocabulary,) = (folder / one for one in config["files"] if one in NAMES)
        if vocabulary.name == SENTENCEPIECE and not has_specials(vocabulary):
            shutil.copyfile(vocabulary, out / SENTENCEPIECE)
        else:
            reading = Reading(**config["reading"])
            read_tokenizer(vocabulary, vocabulary.name, reading).save(str(out / wordpiece.FILE))
        if (folder / OURS).is_file():
            shutil.copyfile(folder / OURS, out / OURS)
            if (pooled := pooler_weights(folder, NETWORKS)) is not None:
                checkpoint.write(out / POOLER, {"config": {}, "weights": pooled})
            return
        found = load_huggingface(folder)
        save_encoder(out / OURS, found.encoder)
        if found.pooler is not None:
            save_pooler(out, found.pooler)
