"""Encoders of folders: as a stage of pre-training publishes them, and as Hugging Face does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from stage_context import Context
from tiny_tagger import prepared, settings, tuned

from lab.encoder.checkpoint import load_encoder, save_encoder
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.huggingface import PretrainedEncoder, save_huggingface
from lab.errors import ModelError
from studies.gector import given
from studies.gector.model import load_tagger, new_encoder

SIZE = 24


def drawn(pieces: int = SIZE) -> Encoder:
    return new_encoder("transformer", EncoderConfig(**settings(pieces)["encoder"]), seed=5)


def published(folder: Path, tmp_path: Path) -> Path:
    """What the stage publishes of a folder, found by its content alone."""
    config = {"files": given.identity(str(folder))}
    given.keep(str(folder))
    out = tmp_path / "given"
    out.mkdir()
    given.run(config, {}, out, Context(tmp_path / "work"))
    return out


@pytest.mark.parametrize("theirs", [False, True])
def test_a_training_begins_with_the_encoder_of_a_folder(tmp_path: Path, theirs: bool) -> None:
    """With heads of its own on the weights that were given."""
    encoder, folder = drawn(), tmp_path / "folder"
    folder.mkdir()
    if theirs:
        save_huggingface(PretrainedEncoder(encoder), folder, "bert")
    else:
        save_encoder(folder / "encoder.pt", encoder)
    out = published(folder, tmp_path)
    for name, value in load_encoder(out / "encoder.pt").state_dict().items():
        assert torch.equal(value, encoder.state_dict()[name])
    config = settings(SIZE, epochs=1, cold={"epochs": 1, "rate": 1e-3})
    del config["encoder"]
    inputs = {**prepared(tmp_path / "inputs"), "pretrain": out}
    tagger = load_tagger(tuned(tmp_path / "tuned", config, inputs) / "tagger.pt")
    for name, value in tagger.encoder.state_dict().items():
        assert torch.equal(value, encoder.state_dict()[name])


def test_an_encoder_of_fewer_pieces_is_refused(tmp_path: Path) -> None:
    """And what to give is said."""
    save_encoder(tmp_path / "encoder.pt", drawn(8))
    config = settings(8)
    del config["encoder"]
    inputs = {**prepared(tmp_path / "inputs"), "pretrain": tmp_path}
    with pytest.raises(ModelError, match=r"Give the encoder's own by vocabulary\.file"):
        tuned(tmp_path / "tuned", config, inputs)
