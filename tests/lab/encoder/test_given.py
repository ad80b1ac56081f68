"""`pretrain.from` of encoders: checkpoints of Hugging Face's and their vocabularies, and back."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import torch

from lab import given_files
from lab.encoder.checkpoint import load_encoder
from lab.encoder.exporting import huggingface
from lab.encoder.given import GivenEncoder, given_encoder, run
from lab.encoder.suite.settings import Start, VocabularySettings
from lab.encoder.vocabulary import open_vocabulary
from lab.errors import StudyError
from lab.vocabulary import FILE, train_vocabulary

transformers = pytest.importorskip("transformers")

TEXTS = [f"It was Day {n} of {n * n % 97}, and the {n % 13} cats slept." for n in range(200)]
ASKED = [*TEXTS[:9], "An ``odd'' word: zzyzx, naïve", "  two  spaces "]
SHAPE = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
}
WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] it was day of , . and the cats sle ##pt 1 2 ##3 odd word a ##n"
)
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("Bert", {}),
    "electra": ("Electra", {"embedding_size": 8}),
    "albert": ("Albert", {"embedding_size": 8}),
}


def word_pieces(folder: Path) -> int:
    """A vocab.txt of BERT's kind; how many pieces it has."""
    (folder / "vocab.txt").write_text("\n".join(WORDS.split()) + "\n")
    return len(WORDS.split())


def sentence_pieces(folder: Path) -> int:
    """A spiece.model of ALBERT's kind, with special pieces among its own."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text.lower() for text in TEXTS]),
        model_writer=model,
        vocab_size=60,
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        minloglevel=2,
    )
    (folder / FILE).write_bytes(model.getvalue())
    return 60


def saved(folder: Path, family: str) -> Path:
    """A randomly initialized model of a family, its norms moved, with a vocabulary of its kind."""
    folder.mkdir()
    pieces = sentence_pieces(folder) if family == "albert" else word_pieces(folder)
    name, more = FAMILIES[family]
    torch.manual_seed(3)
    config = getattr(transformers, f"{name}Config")(vocab_size=pieces + 3, **SHAPE, **more)
    model = getattr(transformers, f"{name}Model")(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    model.save_pretrained(folder)
    return folder


def given(place: str, **settings: Any) -> GivenEncoder:
    start = Start(from_=place, store=settings.pop("store", "store"))
    found = given_encoder(start, VocabularySettings(pieces=1, **settings))
    assert found is not None
    return found


def published(found: GivenEncoder, out: Path) -> Path:
    """The folder of the stage of an encoder."""
    given_files.keep(found.files)
    out.mkdir()
    run(found.description, {}, out, None)
    return out


def vectors(model: Any, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.eval()(ids).last_hidden_state
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_the_stage_computes_and_reads_as_theirs(family: str, tmp_path: Path):
    """Vectors of their model, ids of their tokenizer, and both again after the way back."""
    folder = saved(tmp_path / "theirs", family)
    found = given(str(folder))
    assert (found.name, found.pieces) == ("theirs", found.shape.vocabulary - 3)
    out = published(found, tmp_path / "given")
    ids = torch.randint(5, found.pieces, (2, 9))
    model = transformers.AutoModel.from_pretrained(folder)
    with torch.no_grad():
        ours = load_encoder(out / "encoder.pt").eval()(ids)
    torch.testing.assert_close(ours, vectors(model, ids), atol=1e-4, rtol=0)
    pieces, theirs = open_vocabulary(out), transformers.AutoTokenizer.from_pretrained(folder)
    read = [theirs(text, add_special_tokens=False).input_ids for text in ASKED]
    assert pieces.encode_batch(ASKED) == read
    roles = theirs.convert_tokens_to_ids(["[CLS]", "[SEP]", "[MASK]"])
    assert [pieces.cls, pieces.sep, pieces.mask] == roles
    back = tmp_path / "back"
    (said,) = huggingface("given", {}, out, {}, back)
    assert "without heads" in said
    again = transformers.AutoModel.from_pretrained(back)
    torch.testing.assert_close(vectors(again, ids), ours, atol=1e-4, rtol=0)
    tokens = transformers.AutoTokenizer.from_pretrained(back)
    cls, sep = pieces.cls, pieces.sep
    assert tokens(ASKED[0], ASKED[1]).input_ids == [cls, *read[0], sep, *read[1], sep]
    assert given(str(back)).pieces == found.pieces


def test_a_stage_of_a_store_with_a_vocabulary_of_ours(tmp_path: Path):
    """Its encoder as it is, its SentencePiece model with special pieces behind; and exported."""
    place, words = tmp_path / "pretrain" / ("ab12" * 5), tmp_path / "vocabulary" / "cd34"
    place.mkdir(parents=True)
    train_vocabulary(TEXTS, 60, words)
    encoder = published(given(str(saved(tmp_path / "theirs", "electra"))), tmp_path / "first")
    shutil.copy(encoder / "encoder.pt", place)
    shape = vars(load_encoder(place / "encoder.pt").config)
    described = {
        "config": {"encoder": {**shape, "vocabulary": 63}},
        "inputs": {"vocabulary": "cd34"},
    }
    (place / "stage.json").write_text(json.dumps(described))
    found = given("ab12", store=str(tmp_path))
    assert (found.pieces, set(found.files)) == (63, {"encoder.pt", FILE})
    out = published(found, tmp_path / "given")
    assert (out / "encoder.pt").read_bytes() == (place / "encoder.pt").read_bytes()
    huggingface("pretrain", {}, place, {"vocabulary": words}, tmp_path / "back")
    tokens, pieces = (
        transformers.AutoTokenizer.from_pretrained(tmp_path / "back"),
        open_vocabulary(words),
    )
    assert tokens(TEXTS[3]).input_ids == [
        pieces.cls,
        *pieces.encode_batch(TEXTS[3:4])[0],
        pieces.sep,
    ]
    assert given(str(tmp_path / "pretrain" / place.name)).description == found.description


def rewrite(folder: Path, **settings: Any) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


BROKEN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no settings": (lambda f: (f / "config.json").unlink(), "has no config.json; give the folder"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no model.safetensors or"),
    "no vocabulary": (lambda f: (f / "vocab.txt").unlink(), "no vocabulary: .*vocabulary.file"),
    "another family": (lambda f: rewrite(f, model_type="roberta"), "Unknown model_type 'roberta'"),
    "no number": (lambda f: rewrite(f, hidden_size="wide"), "config.json holds what no encoder"),
    "a large vocabulary": (
        lambda f: (f / "vocab.txt").write_text(
            "\n".join([*WORDS.split(), *map(str, range(4, 99))])
        ),
        "rows: they do not belong together",
    ),
    "no mask": (
        lambda f: (f / "vocab.txt").write_text(WORDS.replace(" ", "\n").replace("[MASK]", "mask")),
        r"has no \[MASK\]",
    ),
    "no tokenizer": (
        lambda f: (f / "tokenizer.json").write_text('{"model": {}}'),
        "is no file of a tokenizer",
    ),
}


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_folder_that_cannot_be_read(tmp_path: Path, wrong: str):
    """Is refused with what was typed and what to do."""
    folder = saved(tmp_path / "theirs", "bert")
    damage, complaint = BROKEN[wrong]
    damage(folder)
    with pytest.raises(StudyError, match=complaint) as refused:
        given(str(folder))
    assert str(refused.value).startswith(f"pretrain.from={folder}: ")
