"""Vocabularies of encoders: what they make of text, and whose stage they share."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.carrying import bring, files_read
from lab.encoder.vocabulary import (
    Pieces,
    given_vocabulary,
    keep_vocabulary,
    open_vocabulary,
    run,
    vocabulary_size,
)
from lab.errors import DataError
from lab.stage import Stage
from lab.vocabulary import given_vocabulary as given_sentencepiece
from lab.vocabulary import train_vocabulary

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = "the cat dog sees runs under house naïve Über 東 京 don ' t , . ! [ ] mask".split()
LETTERS = [*(chr(code) for code in range(33, 127)), *"éüñßøžщяßίςıłÉ京…’\u0301"]
PIECES = [*SPECIAL, *WORDS, "naive", "uber", *LETTERS, *(f"##{one}" for one in LETTERS)]
PIECES = list(dict.fromkeys(PIECES))


def sentences(count: int) -> list[str]:
    rng = random.Random(0)
    words = ("the", "a", "cat", "dog", "house", "runs", "sees", "under", "over", "never", "X")
    return [" ".join(rng.choices(words, k=8)).capitalize() + "." for _ in range(count)]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the stage publishes of each kind."""
    place = tmp_path_factory.mktemp("vocabularies")
    (place / "vocab.txt").write_text("\n".join(PIECES) + "\n", "utf-8")
    model = train_vocabulary(sentences(300), 45, place / "model")
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("T5STUDY_CACHE", str(place / "cache"))
        for name, file, lowercase in (
            ("uncased", place / "vocab.txt", True),
            ("cased", place / "vocab.txt", False),
            ("sentencepiece", model, True),
        ):
            keep_vocabulary(str(file))
            config = {"file": given_vocabulary(str(file), lowercase=lowercase)}
            run(config, {}, place / name, None)
            assert open_vocabulary(place / name).size == vocabulary_size(config)
            made[name] = place / name
    return made


@pytest.fixture(scope="module", params=["uncased", "cased", "sentencepiece"])
def pieces(published: dict[str, Path], request: pytest.FixtureRequest) -> Pieces:
    return open_vocabulary(published[request.param])


def test_special_pieces_have_ids_of_their_own(pieces: Pieces) -> None:
    ids = [pieces.pad, pieces.cls, pieces.sep, pieces.mask]
    assert len({*ids, pieces.unk}) == 5
    assert pieces.special == set(ids)
    assert pieces.decode([pieces.pad, pieces.cls, pieces.mask, pieces.sep]) == "[CLS] [MASK] [SEP]"
    assert pieces.starts_word().shape == (pieces.size,)
    assert pieces.starts_word()[ids].all()


@given(st.lists(st.sampled_from(["the", "cat", "dogs", "X", "under", "a"]), max_size=12))
@settings(deadline=None)
def test_text_comes_back_normalized(pieces: Pieces, words: list[str]) -> None:
    text = "  ".join(words)
    (ids,) = pieces.encode_batch([text])
    assert pieces.decode(ids) == pieces.normalize(text)
    assert pieces.normalize(text).lower() == " ".join(words).lower()
    assert not set(ids) & {*pieces.special, pieces.unk}


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_batches_are_encoded_in_order(pieces: Pieces, threads: int | None) -> None:
    texts = [*sentences(40), ""]
    alone = [pieces.encode_batch([text])[0] for text in texts]
    assert pieces.encode_batch(texts, threads) == alone
    arrays = pieces.encode_arrays(texts, threads)
    assert [one.tolist() for one in arrays] == alone
    assert {one.dtype for one in arrays} == {np.dtype(np.int32)}
    assert pieces.encode_batch([], threads) == []


@given(st.lists(st.sampled_from(["the", "cät", "dogs", "X", "  ", "☃", "a."]), max_size=12))
@settings(deadline=None)
def test_pieces_stand_somewhere_in_the_text(pieces: Pieces, words: list[str]) -> None:
    """In order, without overlap, and all letters of known words are in some piece."""
    text = " ".join(words)
    ((ids, places),) = pieces.encode_offsets([text], 1)
    assert ids.tolist() == pieces.encode_batch([text])[0]
    assert places.shape == (len(ids), 2)
    assert (places[:, 0] <= places[:, 1]).all()
    assert (places[1:, 0] >= places[:-1, 1]).all()
    covered = {at for start, end in places for at in range(start, end)}
    assert {at for at, letter in enumerate(text) if letter.isalpha()} <= covered


def test_a_piece_is_found_in_the_text(pieces: Pieces) -> None:
    text = "dogs,  under the house"
    ((ids, places),) = pieces.encode_offsets([text])
    begins = pieces.starts_word()[ids]
    first = [text[start:end].strip() for start, end in places[begins]]
    assert [word[0] for word in first if word and word != ","] == ["d", "u", "t", "h"]


def test_words_begin_where_the_text_has_spaces(pieces: Pieces) -> None:
    (ids,) = pieces.encode_batch(["dogs under the house"])
    assert pieces.starts_word()[ids].sum() == 4


def test_ids_that_only_pad_an_embedding_read_as_unknown(pieces: Pieces) -> None:
    assert pieces.decode([pieces.size + 3]) == pieces.decode([pieces.unk])


def test_text_that_is_not_unicode(pieces: Pieces) -> None:
    with pytest.raises(DataError, match=r"lone surrogate.*character 4"):
        pieces.encode_batch(["fine", "the \udc80"])


ODD = (
    "naïve",
    "ÜBER",
    "İstanbul",
    "東京",
    "don't",
    "\u0301e",
    "\x00a",
    "…",
    "ﬁne",
    "Ⅷ",
    "a\u200bb",
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.text(st.sampled_from([*LETTERS, *" \t\n\u00a0\ufffd"]), max_size=40),
    st.lists(st.sampled_from([*WORDS, *ODD]), max_size=10).map(" ".join),
)


@pytest.mark.parametrize("name", ["uncased", "cased"])
@given(text=TEXTS)
@settings(deadline=None, max_examples=200)
def test_wordpiece_is_bert_s(published: dict[str, Path], name: str, text: str) -> None:
    """The ids of transformers' tokenizer, whatever the text."""
    transformers = pytest.importorskip("transformers")
    peer = _peers.setdefault(
        name,
        transformers.BertTokenizer(
            vocab={piece: number for number, piece in enumerate(PIECES)},
            do_lower_case=name == "uncased",
        ),
    )
    (ids,) = open_vocabulary(published[name]).encode_batch([text])
    assert ids == peer.encode(text, add_special_tokens=False)


_peers: dict[str, object] = {}


def test_case_and_accents(published: dict[str, Path]) -> None:
    text = "Naïve ÜBER"
    assert open_vocabulary(published["uncased"]).normalize(text) == "naive uber"
    assert open_vocabulary(published["cased"]).normalize(text) == text


def test_a_word_of_over_200_characters_is_unknown(published: dict[str, Path]) -> None:
    pieces = open_vocabulary(published["uncased"])
    most, over = pieces.encode_batch(["a" * 200, "a" * 201])
    assert len(most) == 200
    assert pieces.unk not in most
    assert over == [pieces.unk]


def test_special_pieces_in_a_text_are_text(published: dict[str, Path]) -> None:
    pieces = open_vocabulary(published["uncased"])
    (ids,) = pieces.encode_batch(["the [MASK]"])
    assert ids == [PIECES.index(piece) for piece in ("the", "[", "mask", "]")]


def test_ids_are_lines_with_any_line_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    lines = ["house", *reversed(SPECIAL), "cat"]
    (tmp_path / "vocab.txt").write_bytes("\r\n".join([*lines, ""]).encode())
    keep_vocabulary(str(tmp_path))
    run({"file": given_vocabulary(str(tmp_path))}, {}, tmp_path / "out", None)
    pieces = open_vocabulary(tmp_path / "out")
    assert pieces.encode_batch(["cat house"]) == [[6, 0]]
    assert (pieces.mask, pieces.sep, pieces.cls, pieces.unk, pieces.pad) == (1, 2, 3, 4, 5)


def test_a_kept_vocabulary_is_carried_to_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage finds it there in the cache, by its content."""
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES), "utf-8")
    stage = Stage(
        name="vocabulary",
        version=1,
        config={"file": given_vocabulary(str(tmp_path))},
        run="lab.encoder.vocabulary.run",
    )
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "here"))
    keep_vocabulary(str(tmp_path))
    for name, file in files_read([], [], [stage]).items():
        (tmp_path / "way" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "way" / name)
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "there"))
    bring(tmp_path / "way")
    run(stage.config, {}, tmp_path / "out", None)
    assert open_vocabulary(tmp_path / "out").size == len(PIECES)


@pytest.mark.parametrize("gone", SPECIAL)
def test_a_vocabulary_without_a_special_piece(tmp_path: Path, gone: str) -> None:
    """It is named, with what to do."""
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(piece for piece in PIECES if piece != gone))
    with pytest.raises(DataError) as error:
        given_vocabulary(str(file))
    assert f"has no {gone}. An encoder's" in str(error.value)
    assert "Add a line for each" in str(error.value)


def test_a_special_piece_in_other_letters(tmp_path: Path) -> None:
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join("[mask]" if piece == "[MASK]" else piece for piece in PIECES))
    with pytest.raises(DataError, match=r"has no \[MASK\]\. It has \[mask\]\. .*written so"):
        given_vocabulary(str(file))


def test_files_that_are_no_wordpiece_vocabulary(tmp_path: Path) -> None:
    twice = tmp_path / "twice.txt"
    twice.write_text("\n".join([*SPECIAL, "cat", "dog", "cat"]))
    with pytest.raises(DataError, match="lines 6 and 8 are both 'cat'"):
        given_vocabulary(str(twice))
    with pytest.raises(DataError, match=r"Did you mean '.*twice\.txt'"):
        given_vocabulary(str(tmp_path / "twise.txt"))
    (tmp_path / "model.txt").write_bytes(b"\x0a\xff\xfe")
    with pytest.raises(DataError, match="no text in UTF-8"):
        given_vocabulary(str(tmp_path / "model.txt"))


def test_a_sentencepiece_model_is_named_as_elsewhere(tmp_path: Path) -> None:
    """So that its stage is shared with studies that have no special pieces."""
    model = train_vocabulary(sentences(300), 45, tmp_path)
    assert given_vocabulary(str(model)) == given_sentencepiece(str(model))
    assert vocabulary_size({"file": given_vocabulary(str(tmp_path))}) == 48
    assert vocabulary_size({"corpus": {}, "pieces": 4000, "byte_fallback": False}) == 4003
