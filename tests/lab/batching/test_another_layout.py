"""An encoder's batches: a study writes its own layout and source, and the rest is as for any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from lab.batching.batches import Batches
from lab.batching.examples import ExampleRows
from lab.batching.layout import Batch, BatchError, Drawn, Examples
from lab.batching.loading import loader
from lab.batching.pieces import Pieces
from lab.batching.placing import first_of_row, positions, put
from lab.batching.ragged import Ragged, ranges
from lab.corpora.tokenized import TokenizedCorpus, write_tokens

CLS, SEP, MASK = 90, 91, 92
IGNORED = -100


@dataclass(frozen=True)
class Segments:
    """Rows of [CLS] a [SEP] b [SEP] with segment ids, masked-LM labels and a label of the pair."""

    length: int

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.length,)

    def lengths(self, first: np.ndarray, second: np.ndarray, *rest: np.ndarray) -> np.ndarray:
        return np.minimum(1 + first + 1 + second + (second > 0), self.length)[:, None]

    def empty(self, rows: int, widths: Sequence[int]) -> Batch:
        batch = {n: np.zeros((rows, widths[0]), np.int64) for n in ("tokens", "mask", "segments")}
        return batch | {
            "masked_labels": np.full((rows, widths[0]), IGNORED),
            "label": np.zeros(rows, np.int64),
        }

    def write(self, batch: Batch, fields: Sequence[Ragged], rows: np.ndarray) -> None:
        first, second, answers, label = fields
        texts, segments, labels = [], [], []
        for a, b, known in zip(*(listed(field) for field in (first, second, answers)), strict=True):
            text = [CLS, *a, SEP, *([*b, SEP] if len(b) else [])][: self.length]
            texts.append(text)
            segments.append(([0] * (len(a) + 2) + [1] * (len(b) + 1))[: len(text)])
            labels.append([IGNORED, *known, IGNORED, *[IGNORED] * (len(b) + 1)][: len(text)])
        lengths = Ragged.of(texts).lengths
        places = positions(rows, lengths, first_of_row(rows), batch["tokens"].shape[1])
        put(batch["tokens"], places, Ragged.of(texts).tokens)
        put(batch["segments"], places, Ragged.of(segments).tokens)
        put(batch["masked_labels"], places, Ragged.of(labels).tokens)
        put(batch["mask"], places, 1)
        batch["label"][rows] = label.tokens

    def finish(self, batch: Batch) -> Batch:
        return batch

    def occupied(self, batch: Batch) -> dict[str, tuple[int, int]]:
        return {"row": (int(batch["mask"].sum()), batch["mask"].size)}

    def truncated(self, fields: Sequence[Ragged]) -> dict[str, int]:
        first, second, *_ = fields
        long = first.lengths + second.lengths + 2 + (second.lengths > 0) > self.length
        return {"text": int(long.sum())}


def listed(field: Ragged) -> list[list[int]]:
    ends = np.cumsum(field.lengths)
    return [
        field.tokens[end - n : end].tolist() for end, n in zip(ends, field.lengths, strict=True)
    ]


class MaskedPieces:
    """A corpus' pieces of which each drawing masks another tenth of the tokens."""

    full_width = False

    def __init__(self, corpus: TokenizedCorpus, layout: Segments) -> None:
        self._pieces = Pieces(corpus, layout.length - 2, joins_documents=False)
        self._layout = layout

    def __len__(self) -> int:
        return len(self._pieces)

    @property
    def examples(self) -> int:
        return len(self._pieces)

    def read(self, rows: np.ndarray, rng: np.random.Generator) -> Drawn:
        tokens, lengths = self._pieces.read(rows)
        text = Ragged.of_padded(tokens, lengths)
        noise = rng.random(len(text.tokens)) < 0.1
        masked = Ragged(np.where(noise, MASK, text.tokens), lengths)
        answers = Ragged(np.where(noise, text.tokens, IGNORED), lengths)
        nothing = Ragged(np.zeros(0, np.int32), np.zeros(len(rows), np.int64))
        label = Ragged(np.zeros(len(rows), np.int32), np.ones(len(rows), np.int64))
        return Drawn((masked, nothing, answers, label), np.arange(len(rows)))

    def widest(self, rows: np.ndarray) -> np.ndarray:
        lengths = self._pieces.lengths[rows]
        return self._layout.lengths(lengths, np.zeros_like(lengths)).max(axis=0)


@pytest.fixture
def corpus(tmp_path) -> TokenizedCorpus:
    """Documents of 5 to 34 tokens, each its own number times 1 to 3."""
    documents = [[3 + i % 30] * (5 + i) for i in range(30)]
    write_tokens(documents, tmp_path, pieces=80)
    return TokenizedCorpus.open(tmp_path)


def masked(corpus: TokenizedCorpus, **changes) -> Batches:
    layout = Segments(16)
    given = {"batch_size": 8, "seed": 0} | changes
    return Batches({"corpus": MaskedPieces(corpus, layout)}, {"corpus": 1.0}, layout, **given)


def test_masked_tokens_are_the_labels(corpus):
    """Text and labels together rebuild the pieces; what is not masked has no label."""
    batches = masked(corpus)
    seen = 0
    for index in range(40):
        batch = batches[index]
        for row, labels, mask in zip(
            batch["tokens"], batch["masked_labels"], batch["mask"], strict=True
        ):
            real = row[mask == 1]
            assert (real[0], real[-1]) == (CLS, SEP)
            assert ((row == MASK) == (labels != IGNORED)).all()
            text = np.where(labels == IGNORED, row, labels)[mask == 1][1:-1]
            assert len(set(text.tolist())) == 1
            assert not row[mask == 0].any()
            seen += int((row == MASK).sum())
        assert batch["tokens"].shape[1] % 8 == 0
    assert seen > 100


def test_drawings_differ_and_indices_repeat(corpus):
    """A batch is a function of its index and the seed; a later epoch masks anew."""
    batches = masked(corpus)
    again = masked(corpus)
    later = int(-(-len(batches.sources["corpus"]) // 8))
    for index in (0, 3, later):
        assert all((batches[index][n] == again[index][n]).all() for n in batches[index])
    assert not np.array_equal(masked(corpus, seed=1)[0]["tokens"], batches[0]["tokens"])


def test_ranks_make_the_rows_of_the_whole(corpus):
    """Two ranks' rows, one after the other, are the batch; workers change nothing."""
    whole = masked(corpus)
    parts = [whole.shard(rank, 2)[4] for rank in range(2)]
    for name, array in whole[4].items():
        assert np.array_equal(np.concatenate([part[name] for part in parts]), array)
    (loaded,) = loader(whole, 4, 5)
    assert torch.equal(loaded["masked_labels"], torch.from_numpy(whole[4]["masked_labels"]))
    with pytest.raises(BatchError, match="the number of ranks must divide"):
        whole.shard(0, 3)


def test_pairs_of_segments_with_a_label():
    """A downstream task's two texts stand in one row, told apart, with the pair's label."""
    pairs = [([5] * n, [6] * (n + 1), [IGNORED] * n, [n % 3]) for n in range(1, 10)]
    layout = Segments(16)
    source = ExampleRows(Examples.of(pairs), layout, packing=False, seed=0)
    batches = Batches({"task": source}, {"task": 1.0}, layout, batch_size=9, seed=1)
    batch = batches[0]
    assert sorted(batch["label"].tolist()) == sorted(n % 3 for n in range(1, 10))
    for row, segments, label in zip(
        batch["tokens"], batch["segments"], batch["label"], strict=True
    ):
        first = int((row == 5).sum())
        assert label == first % 3
        assert (row[segments == 1] != 5).all()
        assert (row[: first + 2] == [CLS, *[5] * first, SEP]).all()
    measured = batches.measure([0, 1])
    assert measured.truncated == {"text": 2 * sum(2 * n + 4 > 16 for n in range(1, 10))}
    assert measured.padding_by_side.keys() == {"row"}
    assert measured.padding_share == pytest.approx(measured.padding_by_side["row"])


def test_ranges_place_tokens_behind_those_of_their_row():
    """Two examples of one row stand side by side."""
    batch = Segments(16).empty(2, (16,))
    rows = np.array([0, 0, 1])
    lengths = np.array([3, 2, 4])
    put(batch["tokens"], positions(rows, lengths, first_of_row(rows), 16), 1 + ranges(lengths))
    assert batch["tokens"][0, :6].tolist() == [1, 2, 3, 1, 2, 0]
    assert batch["tokens"][1, :5].tolist() == [1, 2, 3, 4, 0]
