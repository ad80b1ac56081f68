"""Corpora as token ids."""

from __future__ import annotations

import json
import time
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import vocabulary
from lab.corpora.tokenized import INDEX, OFFSETS, TokenizedCorpus, encoded, run, write_tokens
from lab.errors import DataError


@pytest.fixture
def documents():
    """Documents of 0 to 40 ids below 1,000."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 1000, rng.integers(0, 41)).tolist() for _ in range(50)]


def test_documents_come_back(tmp_path, documents):
    """What was written is read, over several shards; empty documents are counted."""
    index = write_tokens(documents, tmp_path, pieces=1000, shard_tokens=100)
    corpus = TokenizedCorpus.open(tmp_path)
    kept = [document for document in documents if document]
    assert len(corpus.shards) > 5
    assert [corpus.document(i).tolist() for i in range(corpus.documents)] == kept
    assert len(corpus) == index["tokens"] == sum(map(len, kept))
    assert index["empty_documents"] == len(documents) - len(kept)


@given(data=st.data(), shard_tokens=st.integers(1, 200))
@settings(max_examples=25, deadline=None)
def test_any_stretch_can_be_read(tmp_path_factory, data, shard_tokens):
    """A stretch of the corpus is the same however it is cut into shards."""
    rng = np.random.default_rng(1)
    documents = [rng.integers(0, 9, rng.integers(1, 30)).tolist() for _ in range(20)]
    folder = tmp_path_factory.mktemp("corpus")
    write_tokens(documents, folder, pieces=9, shard_tokens=shard_tokens)
    whole = list(chain.from_iterable(documents))
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    assert TokenizedCorpus.open(folder).read(start, stop).tolist() == whole[start:stop]


@pytest.mark.parametrize(("pieces", "size"), [(65_535, 2), (65_536, 4)])
def test_small_vocabularies_take_two_bytes_a_token(tmp_path, pieces, size):
    """Two bytes hold ids below 65,536 pieces; larger ids need four."""
    write_tokens([[pieces - 1, 3, 4]], tmp_path, pieces=pieces)
    assert (tmp_path / "tokens-00000.bin").stat().st_size == 3 * size
    assert TokenizedCorpus.open(tmp_path).document(0).tolist() == [pieces - 1, 3, 4]


def test_one_aligned_chunk_of_a_long_document(tmp_path):
    """Of 25 tokens in chunks of 10 one chunk stays, the same each time; the rest is counted."""
    long = [list(range(25))] * 40
    index = write_tokens(long, tmp_path, pieces=25, chunk_length=10)
    corpus = TokenizedCorpus.open(tmp_path)
    chunks = [tuple(corpus.document(i).tolist()) for i in range(40)]
    assert set(chunks) == {tuple(range(10)), tuple(range(10, 20)), tuple(range(20, 25))}
    assert index["cut_documents"] == 40
    assert index["cut_tokens"] == 40 * 25 - len(corpus)
    write_tokens(long, tmp_path / "again", pieces=25, chunk_length=10)
    again = TokenizedCorpus.open(tmp_path / "again")
    assert again.read(0, len(again)).tolist() == corpus.read(0, len(corpus)).tolist()


def test_the_first_tokens(tmp_path):
    """A view of the first N tokens cuts the last document and counts the repeats."""
    write_tokens([[3, 4, 5], [6, 7], [8, 9, 3, 4]], tmp_path, pieces=10)
    corpus = TokenizedCorpus.open(tmp_path)
    first = corpus.first(7)
    assert [first.document(i).tolist() for i in range(first.documents)] == [
        [3, 4, 5],
        [6, 7],
        [8, 9],
    ]
    assert len(first) == 7
    assert first.repeats(21) == 3
    assert len(corpus.first(5)) == 5
    assert corpus.first(5).documents == 2
    assert len(corpus.first(10**9)) == 9


def test_ten_billion_tokens_open_at_once(tmp_path):
    """20 GB of tokens, made sparse: opened within a second's work, read at both ends."""
    length, documents = 50_000, 200_000
    tokens, shards = length * documents, 5
    files = [f"tokens-{i:05d}.bin" for i in range(shards)]
    for name in files:
        with (tmp_path / name).open("wb") as file:
            file.truncate(2 * tokens // shards)
    with (tmp_path / files[-1]).open("r+b") as file:
        file.seek(-2, 2)
        file.write(np.uint16(7).tobytes())
    with (tmp_path / OFFSETS).open("wb") as file:
        np.arange(0, tokens + 1, length, dtype=np.int64).tofile(file)
    index = {
        "format": 1,
        "dtype": "<u2",
        "documents": documents,
        "shards": [{"file": name, "tokens": tokens // shards} for name in files],
    }
    (tmp_path / INDEX).write_text(json.dumps(index))
    start = time.process_time()
    corpus = TokenizedCorpus.open(tmp_path)
    took = time.process_time() - start
    assert len(corpus) == 10**10
    assert corpus.document(documents - 1)[-3:].tolist() == [0, 0, 7]
    assert took < 1


def test_a_folder_without_an_index_is_no_corpus(tmp_path):
    """An interrupted writer leaves nothing that could be read as whole."""

    def interrupted():
        yield [3, 4]
        raise KeyboardInterrupt

    write_tokens([[5]], tmp_path, pieces=10)
    with pytest.raises(KeyboardInterrupt):
        write_tokens(interrupted(), tmp_path, pieces=10)
    with pytest.raises(DataError, match=r"is no tokenized corpus: index.json cannot be read"):
        TokenizedCorpus.open(tmp_path)


@pytest.mark.parametrize("name", ["tokens-00000.bin", OFFSETS])
def test_a_truncated_file_is_not_read(tmp_path, name):
    """A file that is shorter than the index says is named."""
    write_tokens([[3, 4, 5]], tmp_path, pieces=10)
    with (tmp_path / name).open("r+b") as file:
        file.truncate(5)
    with pytest.raises(DataError, match=rf"{name} has 5 bytes; the index says"):
        TokenizedCorpus.open(tmp_path)


def test_a_missing_shard_is_named(tmp_path):
    """A shard that is gone is no crash later on."""
    write_tokens([[3, 4, 5]], tmp_path, pieces=10)
    (tmp_path / "tokens-00000.bin").unlink()
    with pytest.raises(DataError, match=r"tokens-00000.bin is missing"):
        TokenizedCorpus.open(tmp_path)


@pytest.mark.parametrize("given_id", [-1, 10, 70_000])
def test_ids_that_are_no_pieces(tmp_path, given_id):
    """An id of another vocabulary does not wrap around."""
    with pytest.raises(
        DataError, match=rf"Document 1 holds the id {given_id}; accepted are 0 to 9"
    ):
        write_tokens([[3], [4, given_id]], tmp_path, pieces=10)


def test_a_corpus_of_nothing(tmp_path):
    """Documents without text make no corpus."""
    with pytest.raises(DataError, match="no documents with text"):
        write_tokens([[], []], tmp_path, pieces=10)


def test_encoding_keeps_the_order():
    """Texts are encoded in batches, and come back one by one."""

    class Letters:
        def encode_arrays(self, texts, threads):
            return [np.array([ord(letter) for letter in text]) for text in texts]

    texts = [str(number) for number in range(2500)]
    found = [ids.tolist() for ids in encoded(texts, Letters())]
    assert found == [[ord(c) for c in text] for text in texts]


class Context:
    """What a stage is given, as far as the corpus stage asks."""

    threads = 1

    def __init__(self, stops=False):
        self.facts, self.stops, self.steps = {}, stops, []

    def progress(self, step, total):
        self.steps.append((step, total))

    def should_stop(self):
        return self.stops

    def stop(self):
        raise KeyboardInterrupt

    def record(self, **facts):
        self.facts |= facts


@pytest.fixture
def stage_inputs(tmp_path, monkeypatch):
    """A corpus of three texts and a vocabulary trained on them by its stage."""
    texts = ["the cat sees the dog\nthe dog runs", "", "a dog under a house"] * 20

    class Texts:
        approximate_tokens = 500

        def documents(self):
            yield from texts

    monkeypatch.setattr("lab.corpora.get_corpus", lambda name: Texts())
    settings = {"corpus": {"name": "any"}, "pieces": 20, "byte_fallback": False, "lines": 1000}
    vocabulary.run(settings, {}, tmp_path / "vocabulary", Context())
    return texts, {"vocabulary": tmp_path / "vocabulary"}


def test_the_corpus_stage(tmp_path, stage_inputs):
    """Every text's ids, in order; what was left out is recorded."""
    texts, inputs = stage_inputs
    context = Context()
    run({"corpus": {"name": "any"}}, inputs, tmp_path / "out", context)
    corpus = TokenizedCorpus.open(tmp_path / "out")
    made = vocabulary.Vocabulary(inputs["vocabulary"])
    read = [made.decode(corpus.document(i)) for i in range(corpus.documents)]
    assert read == [made.normalize(text) for text in texts if text]
    assert context.facts["documents"] == 40
    assert context.facts["empty_documents"] == 20
    assert context.facts["tokens"] == len(corpus)
    assert context.steps[0] == (8, 500)
    assert {*context.facts["seconds"]} == {"text", "tokens", "writing"}


def test_the_vocabulary_stage_says_where_its_time_went(stage_inputs, tmp_path):
    """In reading the text, and in finding the pieces."""
    context = Context()
    settings = {"corpus": {"name": "any"}, "pieces": 20, "byte_fallback": False, "lines": 1000}
    vocabulary.run(settings, {}, tmp_path / "again", context)
    assert {*context.facts["seconds"]} == {"text", "pieces"}
    assert all(value >= 0 for value in context.facts["seconds"].values())


def test_the_corpus_stage_stops_when_asked(tmp_path, stage_inputs):
    """A signal ends it, and what it leaves is no corpus."""
    with pytest.raises(KeyboardInterrupt):
        run({"corpus": {"name": "any"}}, stage_inputs[1], tmp_path / "out", Context(stops=True))
    with pytest.raises(DataError, match="is no tokenized corpus"):
        TokenizedCorpus.open(tmp_path / "out")
