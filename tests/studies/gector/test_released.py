"""Taggers in the layout of the released ones say what their own parts say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from lab.errors import DataError, ModelError
from studies.gector.__main__ import main
from studies.gector.members import open_members

transformers = pytest.importorskip("transformers")

TAGS = ["$KEEP", "$DELETE", "$APPEND_the", "$REPLACE_goes", "$TRANSFORM_CASE_CAPITAL"]
LABELS = [*TAGS, "@@UNKNOWN@@", "@@PADDING@@"]
ERRORS = ["CORRECT", "INCORRECT", "@@UNKNOWN@@", "@@PADDING@@"]
SENTENCES = [
    ["she", "go", "to", "school", "."],
    [
        "a",
        "ten-year-old",
        "boy's",
        "incomprehensibilities",
        "goes",
        "there",
        ",",
        "friends",
        "naïve",
        "你好",
        "!",
    ],
]
SHAPE = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 70,
}


def wordpieces(folder: Path) -> Tokenizer:
    """As BERT's, by its vocab.txt."""
    letters = "abcdefghijklmnopqrstuvwxyzSTAR$-.,!'"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "go", "##es", "she", "to"]
    pieces += [*letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    tokenizer = Tokenizer(models.WordPiece({p: n for n, p in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def bytes_of(folder: Path) -> Tokenizer:
    """As RoBERTa's, by its tokenizer.json; $START is added to it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=290,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(words) for words in SENTENCES] * 3, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["$START"])
    return tokenizer


def released(folder: Path, kind: str, **changes: Any) -> tuple[Tokenizer, Any, dict[str, Any]]:
    """A folder with random weights; the parts of what lies in it."""
    torch.manual_seed(2)
    tokenizer = (wordpieces if kind == "bert" else bytes_of)(folder)
    shape = {**SHAPE, "vocab_size": tokenizer.get_vocab_size()}
    if kind == "bert":
        model = transformers.BertModel(transformers.BertConfig(**shape))
    else:
        model = transformers.RobertaModel(
            transformers.RobertaConfig(**shape, type_vocab_size=1, pad_token_id=1)
        )
    heads = {
        "tag_labels_projection_layer._module.weight": torch.randn(len(LABELS), 16),
        "tag_labels_projection_layer._module.bias": torch.randn(len(LABELS)),
        "tag_detect_projection_layer._module.weight": torch.randn(len(ERRORS), 16),
        "tag_detect_projection_layer._module.bias": torch.randn(len(ERRORS)),
    }
    where = "text_field_embedder.token_embedder_bert.bert_model."
    inside = {where + name: value for name, value in model.state_dict().items()}
    torch.save({**inside, **heads}, folder / f"{kind}_1_gectorv2.th")
    # The config.json of the hub says how many pieces the encoder had before $START.
    before = tokenizer.get_vocab_size() - (kind == "roberta")
    settings = {**model.config.to_dict(), "vocab_size": before, **changes}
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "labels.txt").write_text("\n".join(LABELS) + "\n")
    (folder / "d_tags.txt").write_text("\n".join(ERRORS) + "\n")
    return tokenizer, model.eval(), heads


@torch.no_grad()
def expected(
    tokenizer: Tokenizer, model: Any, heads: dict[str, Any], words: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Of one sentence: its first pieces, at most five a word, and nothing around them."""
    text = " ".join(["$START", *words])
    found = tokenizer.encode(text, add_special_tokens=False)
    ids, places = [], []
    end = -1
    for word in ["$START", *words]:
        start, end = end + 1, end + 1 + len(word)
        inside = [i for i, (a, _) in zip(found.ids, found.offsets, strict=True) if start <= a < end]
        assert inside
        places.append(len(ids))
        ids += inside[:5]
    vectors = model(torch.tensor([ids])).last_hidden_state[0, places]
    tags, errors = (
        torch.softmax(
            vectors @ heads[f"{name}._module.weight"].T + heads[f"{name}._module.bias"], dim=-1
        )
        for name in ("tag_labels_projection_layer", "tag_detect_projection_layer")
    )
    return tags.numpy(), errors[:, 1].numpy()


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_a_released_tagger_says_what_its_parts_say(tmp_path: Path, kind: str) -> None:
    """The probabilities of tags and of an error, for sentences of several lengths at once."""
    parts = released(tmp_path, kind)
    members = open_members([tmp_path], reading={})
    assert list(members.tags) == LABELS
    for said, words in zip(members(SENTENCES), SENTENCES, strict=True):
        tags, errors = expected(*parts, words)
        assert said.tags == pytest.approx(tags, abs=1e-5)
        assert said.incorrect == pytest.approx(errors, abs=1e-5)


def test_a_file_is_corrected_by_a_released_tagger(tmp_path: Path, capsys: Any) -> None:
    """From the folder alone, with as many lines as there were."""
    folder = tmp_path / "released"
    folder.mkdir()
    released(folder, "roberta")
    file = tmp_path / "text.txt"
    file.write_text("she go to school .\n\nboy goes there\n")
    assert main(["correct", str(file), "--model", str(folder)]) == 0
    assert (tmp_path / "text.txt.corrected").read_text().count("\n") == 3
    assert "3 lines" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("xlnet", r"Unknown model_type 'xlnet'.*bert, roberta"),
        ("no weights", r"one file \*\.th is read, and it has none"),
        ("two weights", r"has 2 files: b\.th, roberta_1_gectorv2\.th"),
        ("no errors", r"d_tags\.txt cannot be read.*output_vocabulary"),
        ("other tags", r"labels\.txt is no list of tags.*begins with one, two"),
        ("fewer tags", r"tag_labels.*weight is of shape \(7, 16\).*\(6, 16\)"),
        ("no pieces", r"neither tokenizer\.json nor vocab\.txt"),
        ("other pieces", r"table of words has \d+ rows and the tokenizer \d+ pieces"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path: Path, change: str, said: str) -> None:
    released(tmp_path, "roberta", **({"model_type": "xlnet"} if change == "xlnet" else {}))
    weights = tmp_path / "roberta_1_gectorv2.th"
    if change == "no weights":
        weights.unlink()
    elif change == "two weights":
        (tmp_path / "b.th").write_bytes(weights.read_bytes())
    elif change == "no errors":
        (tmp_path / "d_tags.txt").unlink()
    elif change == "other tags":
        (tmp_path / "labels.txt").write_text("one\ntwo\n")
    elif change == "fewer tags":
        (tmp_path / "labels.txt").write_text("\n".join([*TAGS[:4], *LABELS[-2:]]) + "\n")
    elif change == "no pieces":
        (tmp_path / "tokenizer.json").unlink()
    elif change == "other pieces":
        wordpieces(tmp_path)
        (tmp_path / "tokenizer.json").unlink()
    with pytest.raises((DataError, ModelError), match=said):
        open_members([tmp_path], reading={})
