"""How rows of a data set stand in a batch."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lab.encoder.finetuning.inputs import whole_rows
from lab.encoder.finetuning.layout import InputBatches

PAD, CLS, SEP = 9, 7, 8


class Numbers:
    """Texts of digits 1 to 6, each of which is a piece."""

    pad, cls, sep = PAD, CLS, SEP

    def encode_arrays(self, texts, threads=None):
        return [np.array([*map(int, text)], dtype=np.int32) for text in texts]


def made(texts, length):
    return whole_rows(texts, {"label": np.arange(len(texts)) * 10}, Numbers(), length)


def test_rows_of_one_and_of_two_segments():
    """Specials, types, padding and answers."""
    pairs = InputBatches(made([("123", "45"), ("1", "2")], 10), Numbers(), 10).of(np.array([1, 0]))
    assert pairs["tokens"].tolist() == [
        [CLS, 1, SEP, 2, SEP, PAD, PAD, PAD],
        [CLS, 1, 2, 3, SEP, 4, 5, SEP],
    ]
    assert pairs["types"].tolist() == [[0, 0, 0, 1, 1, 0, 0, 0], [0] * 5 + [1] * 3]
    assert pairs["real"].tolist() == [[1] * 5 + [0] * 3, [1] * 8]
    assert pairs["label"].tolist() == [10, 0]
    single = InputBatches(made([("123",), ("",)], 10), Numbers(), 10).of(np.arange(2))
    assert single["tokens"][:, :5].tolist() == [[CLS, 1, 2, 3, SEP], [CLS, SEP, PAD, PAD, PAD]]
    assert not single["types"].any()


def test_pairs_are_cut_from_the_longer_segment():
    """As released, the second at equality; what lost something is known."""
    inputs = made([("1234", "56"), ("1234", "3456"), ("12", "12")], 8)
    assert inputs.first.lengths.tolist() == [3, 3, 2]
    assert inputs.second.lengths.tolist() == [2, 2, 2]
    assert inputs.cut.tolist() == [True, True, False]
    assert made([("123456",), ("123",)], 6).first.lengths.tolist() == [4, 3]


digits = st.text("123456", max_size=12)


@given(st.lists(st.tuples(digits, digits), min_size=1, max_size=30), st.integers(5, 24))
def test_an_epoch_holds_every_input_once(texts, length):
    """Learned in batches of any size, answered in batches of like lengths, nothing is lost."""
    inputs = made(texts, length)
    batches = InputBatches(inputs, Numbers(), length)
    answered = np.concatenate(batches.sorted(tokens=64))
    assert sorted(answered) == list(range(len(texts)))
    learned = batches.learned(batch_size=1, seed=3)
    labels = [int(learned[index]["label"][0]) for index in range(len(texts))]
    assert sorted(labels) == [10 * number for number in range(len(texts))]
    for chosen in batches.sorted(tokens=64):
        batch = batches.of(chosen)
        assert batch["tokens"].shape[1] <= length
        assert batch["tokens"].size <= max(64, batch["tokens"].shape[1])
        for row, number in enumerate(chosen):
            real = batch["tokens"][row][batch["real"][row] == 1].tolist()
            ends = np.cumsum(inputs.first.lengths), np.cumsum(inputs.second.lengths)
            first, second = (
                field.tokens[end[number] - field.lengths[number] : end[number]].tolist()
                for field, end in zip((inputs.first, inputs.second), ends, strict=True)
            )
            assert real == [CLS, *first, SEP, *([*second, SEP] if second else [])]
