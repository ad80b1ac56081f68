"""Lines of a corpus: sentences by document, some documents held out."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lab.vocabulary
from lab.corpora.sentences import sentence_splitter
from lab.encoder.lines import HELD_OUT, TRAIN, Lines, lines_of, part_of, run
from lab.encoder.vocabulary import open_vocabulary
from lab.errors import DataError

TEXTS = [
    *(f"The cat sees house {n}. The dog runs.\n\n  A line of its own  " for n in range(80)),
    *("Twice. The same text.",) * 6,
    "",
    " \n ",
]


class Context:
    """What a stage is given, as far as this one asks."""

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self.facts: dict[str, int] = {}

    def progress(self, step: int, total: int) -> None:
        pass

    def should_stop(self) -> bool:
        return False

    def record(self, **facts: int) -> None:
        self.facts |= facts


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The texts as a corpus, and a vocabulary of them; the corpus is in any order."""

    class Texts:
        approximate_tokens = 500

        def __init__(self, seed: str) -> None:
            self.order = random.Random(seed).sample(TEXTS, len(TEXTS))

        def documents(self):
            yield from self.order

    monkeypatch.setattr("lab.corpora.get_corpus", Texts)
    lab.vocabulary.train_vocabulary(TEXTS, 40, tmp_path / "vocabulary")
    return {"vocabulary": tmp_path / "vocabulary"}


def config(name: str = "0", held_out: float = 0.3) -> dict[str, object]:
    digest = sentence_splitter().digest
    return {"corpus": {"name": name}, "held_out": held_out, "sentences": digest}


def read(lines: Lines, inputs: dict[str, Path]) -> list[list[str]]:
    pieces = open_vocabulary(inputs["vocabulary"])
    text = [pieces.decode(lines.corpus.document(line)) for line in range(len(lines))]
    bounds = lines.documents.tolist()
    return [text[a:b] for a, b in pairwise(bounds)]


def test_the_stage_keeps_every_sentence_by_document(tmp_path: Path, inputs) -> None:
    context = Context()
    run(config(), inputs, tmp_path / "out", context)
    parts = {name: Lines.open(tmp_path / "out", name) for name in (TRAIN, HELD_OUT)}
    found = [document for lines in parts.values() for document in read(lines, inputs)]
    splitter = sentence_splitter()
    expected = [[*lines_of(text, splitter)] for text in TEXTS if text.strip()]
    assert sorted(found) == sorted([line.strip() for line in lines] for lines in expected)
    assert ["The cat sees house 7.", "The dog runs.", "A line of its own"] in found
    assert context.facts["documents"] == len(parts[TRAIN].documents) - 1
    assert context.facts["held_out_tokens"] == len(parts[HELD_OUT].corpus)
    assert parts[TRAIN].special == {"pad": 0, "cls": 40, "sep": 41}


def test_parts_do_not_depend_on_the_order_and_equal_texts_are_in_one(
    tmp_path: Path, inputs
) -> None:
    held = []
    for name in ("0", "1"):
        run(config(name), inputs, tmp_path / name, Context())
        parts = [read(Lines.open(tmp_path / name, part), inputs) for part in (TRAIN, HELD_OUT)]
        counts = [Counter(map(tuple, documents)) for documents in parts]
        assert sorted(count[("Twice.", "The same text.")] for count in counts) == [0, 6]
        held.append(counts[1])
    assert held[0] == held[1]


def test_several_threads_write_the_same_files(tmp_path: Path, inputs) -> None:
    written = []
    for threads in (1, 2):
        out = tmp_path / str(threads)
        run(config(), inputs, out, Context(threads))
        files = sorted(file for file in out.rglob("*") if file.is_file())
        written.append({file.relative_to(out): file.read_bytes() for file in files})
    assert len(written[0]) == 10
    assert written[0] == written[1]


@given(st.lists(st.text(max_size=30), max_size=5), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_out_all_that_a_smaller_one_does(texts, one, other) -> None:
    small, large = sorted((one, other))
    held = {text for text in texts if part_of(text, small) == HELD_OUT}
    assert held <= {text for text in texts if part_of(text, large) == HELD_OUT}
    assert all(part_of(text, 0.0) == TRAIN and part_of(text, 1.0) == HELD_OUT for text in texts)


def test_the_share_is_as_asked() -> None:
    held = sum(part_of(f"text {n}", 0.05) == HELD_OUT for n in range(20_000))
    assert held == pytest.approx(1000, abs=100)


def test_nothing_held_out(tmp_path: Path, inputs) -> None:
    run(config(held_out=0.0), inputs, tmp_path / "out", Context())
    assert len(read(Lines.open(tmp_path / "out"), inputs)) == len(TEXTS) - 2
    with pytest.raises(DataError, match="has no part 'held_out'"):
        Lines.open(tmp_path / "out", HELD_OUT)


def test_a_share_that_leaves_a_part_empty(tmp_path: Path, inputs) -> None:
    with pytest.raises(DataError, match=r"share 1e-06 .*none of them is in held_out/"):
        run(config(held_out=1e-6), inputs, tmp_path / "out", Context())


def test_sentences_split_by_others_than_planned(tmp_path: Path, inputs) -> None:
    with pytest.raises(DataError, match=r"planned to be split by 0123.*Install the same"):
        run(config() | {"sentences": "0123"}, inputs, tmp_path / "out", Context())


def test_a_document_without_line_ends_has_lines() -> None:
    text = "Dr. Smith saw it. He left by train! Why? Nobody knows"
    assert list(lines_of(text, sentence_splitter())) == [
        "Dr. Smith saw it.",
        "He left by train!",
        "Why?",
        "Nobody knows",
    ]


def test_the_end_of_a_line_ends_a_sentence() -> None:
    assert list(lines_of("A title\nThe text\r\n\n of it.", sentence_splitter())) == [
        "A title",
        "The text",
        "of it.",
    ]
