"""Vocabularies."""

from __future__ import annotations

import random

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from lab.vocabulary import (
    FILE,
    Vocabulary,
    embedding_rows,
    given_vocabulary,
    keep_vocabulary,
    run,
    train_vocabulary,
)

WORDS = (
    *("the", "a", "cat", "dog", "house", "runs", "sees", "under", "over", "green", "blue"),
    *("quickly", "never", "X", "5%", "and", "of"),
)


def texts(count, seed=0):
    """Sentences of a few words, several lines a text."""
    rng = random.Random(seed)
    line = lambda: " ".join(rng.choices(WORDS, k=8)).capitalize() + "."  # noqa: E731
    return ["\n".join(line() for _ in range(5)) for _ in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of 70 pieces."""
    made = tmp_path_factory.mktemp("vocabulary")
    train_vocabulary(texts(200), 70, made)
    return made


@pytest.fixture(scope="module")
def bytes_folder(tmp_path_factory):
    """A model of 320 pieces, 256 of them bytes."""
    made = tmp_path_factory.mktemp("bytes")
    train_vocabulary(texts(200), 320, made, byte_fallback=True)
    return made


def test_special_ids_and_sizes(folder):
    """Pad 0, EOS 1, unknown 2; sentinels come on top of the pieces."""
    vocabulary = Vocabulary(folder, sentinels=100)
    assert (vocabulary.pad, vocabulary.eos, vocabulary.unk) == (0, 1, 2)
    assert vocabulary.pieces == 70
    assert vocabulary.size == 170
    assert embedding_rows(vocabulary.size) == embedding_rows(256) == 256


def test_special_pieces_have_roles_between_pieces_and_sentinels(folder):
    """An encoder's study names its pieces by what they are for; text has the same ids."""
    vocabulary = Vocabulary(folder, sentinels=2, special=("cls", "sep", "mask"))
    assert vocabulary.ids == {"pad": 0, "eos": 1, "unk": 2, "cls": 70, "sep": 71, "mask": 72}
    assert vocabulary.size == 75
    assert vocabulary.decode([70, 72, 74, 73, 71]) == "[CLS] [MASK] <extra_id_0> <extra_id_1> [SEP]"
    assert vocabulary.encode("the cat") == Vocabulary(folder).encode("the cat")


@pytest.mark.parametrize("special", [("cls", "cls"), ("mask", "pad"), ("eos",)])
def test_role_given_twice(folder, special):
    """A role names one piece."""
    with pytest.raises(DataError, match="each role once"):
        Vocabulary(folder, special=special)


def test_one_model_serves_any_number_of_sentinels(folder):
    """The first sentinel is the last id; text has the same ids."""
    few, many = Vocabulary(folder, sentinels=2), Vocabulary(folder / FILE, sentinels=300)
    assert few.encode("the cat sees a dog") == many.encode("the cat sees a dog")
    assert few.decode([few.size - 1, few.size - 2]) == "<extra_id_0> <extra_id_1>"
    assert many.decode([many.size - 1, 70]) == "<extra_id_0> <extra_id_299>"


@given(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
@settings(deadline=None)
def test_text_comes_back(folder, text):
    """Ids give the text as SentencePiece normalizes it."""
    vocabulary = Vocabulary(folder)
    assert vocabulary.decode(vocabulary.encode(text)) == vocabulary.normalize(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(deadline=None, max_examples=300)
def test_any_text_comes_back_normalized_with_byte_fallback(bytes_folder, text):
    """Characters without a piece go through bytes, whatever they are."""
    vocabulary = Vocabulary(bytes_folder)
    ids = vocabulary.encode(text)
    assert vocabulary.decode(ids) == vocabulary.normalize(text)
    assert vocabulary.unk not in ids


def test_unknown_characters_without_byte_fallback(folder):
    """What the model has no piece for is the unknown piece."""
    vocabulary = Vocabulary(folder)
    ids = vocabulary.encode("the ж cat")
    assert ids.count(vocabulary.unk) == 1
    assert vocabulary.decode(ids) == "the  \u2047  cat"


def test_normalization_is_sentencepiece_s(folder):
    """Compatible characters become one form, runs of space and line ends one space."""
    assert Vocabulary(folder).normalize(" the  ﬁne\ncat ") == "the fine cat"


def test_decoding_stops_at_eos_and_skips_padding(folder):
    """Padding before EOS is nothing; what follows EOS is not text."""
    vocabulary = Vocabulary(folder, sentinels=3)
    cat, dog = vocabulary.encode("cat"), vocabulary.encode("dog")
    assert vocabulary.decode([0, *cat, 0, 1, *dog]) == "cat"
    sentinel = vocabulary.size - 1
    assert vocabulary.decode([*cat, sentinel, *dog, sentinel - 1]) == (
        "cat <extra_id_0> dog <extra_id_1>"
    )
    assert vocabulary.decode([]) == ""


def test_ids_that_only_pad_the_embedding(folder):
    """A model may write them; they read as the unknown piece, not as a sentinel."""
    vocabulary = Vocabulary(folder, sentinels=3)
    assert "extra_id" not in vocabulary.decode([vocabulary.size, vocabulary.size + 10])


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_batches_are_encoded_in_order(folder, threads):
    """The same ids as one text after the other, whatever the threads."""
    vocabulary, many = Vocabulary(folder), [*texts(40, seed=1), ""]
    assert vocabulary.encode_batch(many, threads) == [vocabulary.encode(text) for text in many]
    assert vocabulary.encode_batch([], threads) == []


def test_training_gives_the_same_model_again(tmp_path, folder):
    """No randomness, no threads: the file is the same to the byte."""
    train_vocabulary(iter(texts(200)), 70, tmp_path)
    assert (tmp_path / FILE).read_bytes() == (folder / FILE).read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_training_reads_so_many_lines(tmp_path, folder):
    """By default 8 a piece: lines after the last one change nothing, those before it do."""
    others = [text.replace("cat", "zebra") for text in texts(50)]
    many = [*texts(200)[:112], *others]
    train_vocabulary(many, 70, tmp_path / "same")
    assert (tmp_path / "same" / FILE).read_bytes() == (folder / FILE).read_bytes()
    train_vocabulary(many, 70, tmp_path / "more", max_lines=700)
    assert (tmp_path / "more" / FILE).read_bytes() != (folder / FILE).read_bytes()


def test_a_line_of_any_length_is_trained_on(tmp_path):
    """A book on one line is read in parts; the trainer alone would drop it."""
    train_vocabulary([" ".join(texts(400)).replace("\n", " ")], 70, tmp_path)
    assert len(Vocabulary(tmp_path).encode("the cat sees")) <= 4


def test_too_many_pieces_for_the_text(tmp_path):
    """The trainer's own words, and what to do."""
    with pytest.raises(
        DataError,
        match=r"of 5000 pieces can be made of this text\. Give more text, or vocabulary.pieces=\d+",
    ):
        train_vocabulary(texts(5), 5000, tmp_path)
    assert not (tmp_path / FILE).exists()


def test_a_model_with_other_special_ids(tmp_path):
    """SentencePiece's defaults are refused with what is accepted."""
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts(50)),
        model_prefix=str(tmp_path / "other"),
        vocab_size=60,
        minloglevel=2,
    )
    with pytest.raises(DataError, match=r"'pad': -1.*accepted are pad 0, eos 1, unk 2"):
        Vocabulary(tmp_path / "other.model")


def test_a_file_that_is_no_model(tmp_path):
    """Neither a missing file nor another one passes."""
    with pytest.raises(DataError, match=r"spiece.model cannot be read \(No such file"):
        Vocabulary(tmp_path / FILE)
    (tmp_path / FILE).write_text("pieces")
    with pytest.raises(DataError, match="is no SentencePiece model"):
        Vocabulary(tmp_path)


def test_text_that_is_not_unicode(folder):
    """A lone surrogate is named with its place."""
    with pytest.raises(DataError, match=r"lone surrogate.*character 4"):
        Vocabulary(folder).encode_batch(["fine", "the \udc80"])


def test_an_existing_model_is_a_stage_s_vocabulary(tmp_path, folder, monkeypatch):
    """Named by its content, kept in the cache, published as it is."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    file = given_vocabulary(str(folder))
    assert file == given_vocabulary(str(folder / FILE))
    assert file["pieces"] == 70
    out = tmp_path / "out"
    with pytest.raises(DataError, match="was not brought to this machine's cache"):
        run({"file": file}, {}, out, None)
    keep_vocabulary(str(folder))
    run({"file": file}, {}, out, None)
    assert (out / FILE).read_bytes() == (folder / FILE).read_bytes()


def test_the_published_model_is_named_without_fetching(tmp_path, monkeypatch):
    """Its content is known beforehand; nothing is written."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    assert given_vocabulary("published")["pieces"] == 32_000
    assert not (tmp_path / "cache").exists()


@pytest.mark.slow
def test_the_published_model(tmp_path):
    """The model of the T5 checkpoints: ids as everyone knows them."""
    try:
        kept = keep_vocabulary("published")
    except DataError as error:
        pytest.skip(str(error))
    assert given_vocabulary(str(kept)) == given_vocabulary("published")
    vocabulary = Vocabulary(kept)
    assert vocabulary.size == 32_100
    assert embedding_rows(vocabulary.size) == 32_128
    text = "Thank you for inviting me to your party last week."
    assert vocabulary.encode(text) == [1562, 25, 21, 14256, 140, 12, 39, 1088, 336, 471, 5]


def test_damaged_copy_of_a_given_vocabulary(folder, tmp_path, monkeypatch):
    """The stage refuses a copy with other content; bringing the file again mends it."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    config = {"file": given_vocabulary(str(folder))}
    kept = keep_vocabulary(str(folder))
    content = kept.read_bytes()
    kept.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DataError, match="is damaged"):
        run(config, {}, tmp_path / "out", None)
    assert keep_vocabulary(str(folder)).read_bytes() == content
    run(config, {}, tmp_path / "out", None)
    assert (tmp_path / "out" / FILE).read_bytes() == content
