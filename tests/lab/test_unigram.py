"""SentencePiece models as tokenizer.json and back read text alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.errors import DataError
from lab.unigram import sentencepiece_model, tokenizer, write_tokenizer
from lab.vocabulary import FILE, Vocabulary, train_vocabulary

TEXTS = [f"It was day {n} of {n * n % 97}, and the {n % 13} cats slept." for n in range(200)]
ASKED = [*TEXTS[:20], "", "  two  spaces\nand a line ", "a ﬁ ligature", "日本 ünï <b>", "1,000 $x$"]


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "bytes"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vocabulary")
    pieces = 320 if request.param else 60
    return train_vocabulary(TEXTS, pieces, folder, byte_fallback=request.param)


def test_a_tokenizer_reads_as_its_model(model: Path):
    """Ids of the pieces, then the end; sentinels count down from the last id."""
    vocabulary, made = Vocabulary(model), tokenizer(model.read_bytes(), 100)
    assert [made.encode(text).ids for text in ASKED] == [
        [*vocabulary.encode(text), vocabulary.eos] for text in ASKED
    ]
    last = vocabulary.size - 1
    assert made.encode("<extra_id_0> <extra_id_1>", add_special_tokens=False).ids == [
        last,
        last - 1,
    ]
    assert made.decode(vocabulary.encode("and the 7 cats")) == "and the 7 cats"


def test_the_model_comes_back(model: Path, tmp_path: Path):
    """Without the sentinels, reading text as before."""
    write_tokenizer(tokenizer(model.read_bytes(), 100), tmp_path)
    (tmp_path / FILE).write_bytes(sentencepiece_model(tmp_path / "tokenizer.json"))
    ours, back = Vocabulary(model), Vocabulary(tmp_path)
    assert back.pieces == ours.pieces
    assert [back.encode(text) for text in ASKED] == [ours.encode(text) for text in ASKED]
    assert [back.normalize(text) for text in ASKED] == [ours.normalize(text) for text in ASKED]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": {"type": "BPE", "vocab": {}}}, "of the kind BPE"),
        ({"normalizer": {"type": "Lowercase"}}, "changes text by Lowercase"),
        ({"model": None}, "is no file of a tokenizer"),
    ],
)
def test_another_tokenizer_is_refused(model: Path, tmp_path: Path, change: dict, said: str):
    file = tmp_path / "tokenizer.json"
    tokenizer(model.read_bytes(), 0).save(str(file))
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(DataError, match=said) as refused:
        sentencepiece_model(file)
    assert "spiece.model" in str(refused.value)
