"""Pairs of segments: what they hold, and that labels say how they came about."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.corpora.tokenized import TokenizedCorpus
from lab.encoder.lines import Lines
from lab.errors import DataError
from studies.albert.pairs import PairRows
from studies.albert.sentence_losses import get_sentence_loss, sentence_loss_names
from studies.albert.singles import singles_names

PAD, CLS, SEP = 0, 1, 2
Document = list[list[int]]


def lines_of(documents: list[Document]) -> Lines:
    lines = [line for document in documents for line in document]
    tokens = np.array([piece for line in lines for piece in line], dtype=np.uint16)
    offsets = np.cumsum([0, *map(len, lines)])
    bounds = np.cumsum([0, *map(len, documents)])
    special = {"pad": PAD, "cls": CLS, "sep": SEP}
    starts = np.array([0, len(tokens)])
    return Lines(TokenizedCorpus((tokens,), starts, offsets), bounds, special)


def numbered(sizes: list[list[int]]) -> list[Document]:
    """Documents with lines of these sizes, whose pieces count up from 3 through all of them."""
    ids = iter(range(3, 2**16))
    return [[[next(ids) for _ in range(size)] for size in document] for document in sizes]


corpora = st.lists(
    st.lists(st.integers(2, 14), min_size=1, max_size=9), min_size=2, max_size=6
).map(numbered)


def segments(rows: PairRows) -> list[tuple[list[int], list[int], int]]:
    """First and second segment of each row, and its label."""
    read = rows.read(np.arange(len(rows)))
    found = []
    for tokens, types, label in zip(read["tokens"], read["types"], read["label"], strict=True):
        first, second = (tokens[(types == n) & (tokens > SEP)].tolist() for n in (0, 1))
        found.append((first, second, int(label)))
    return found


@given(
    corpora,
    st.sampled_from(sentence_loss_names()),
    st.sampled_from(singles_names()),
    st.integers(7, 30),
    st.integers(0, 5),
)
@settings(deadline=None, max_examples=200)
def test_labels_say_how_two_segments_came_about(
    documents: list[Document], name: str, singles: str, longest: int, seed: int
) -> None:
    """In order within a document 0, swapped 1 by order alone, of two documents 1."""
    home = {piece: n for n, document in enumerate(documents) for line in document for piece in line}
    if singles == "leave_out" and not any(len(document) > 1 for document in documents):
        return
    try:
        rows = PairRows(
            lines_of(documents),
            get_sentence_loss(name),
            longest=longest,
            short=0.3,
            singles=singles,
            seed=seed,
        )
    except DataError as error:
        assert "no text of two sentences" in str(error)  # noqa: PT017 (left-over chunks of one)
        return
    assert rows.lengths.max() <= longest
    kinds = set()
    for first, second, label in segments(rows):
        assert first
        assert second
        for segment in (first, second):
            assert segment == list(range(segment[0], segment[-1] + 1))
            assert len({home[piece] for piece in segment}) == 1
        foreign = home[first[0]] != home[second[0]]
        swapped = not foreign and second[-1] < first[0]
        kinds.add((foreign, swapped))
        expected = {"none": 0, "nsp": int(foreign), "sop": int(foreign or swapped)}
        assert label == expected[name]
    if name != "nsp" and singles != "foreign":
        assert not any(foreign for foreign, _ in kinds)
    if name != "sop":
        assert not any(swapped for _, swapped in kinds)


def test_a_swap_of_segments_flips_order_and_not_the_next_sentence() -> None:
    yes, no = np.array([True]), np.array([False])
    order, following = get_sentence_loss("sop"), get_sentence_loss("nsp")
    assert order.label(no, yes) != order.label(no, no)
    assert following.label(no, yes) == following.label(no, no)
    assert following.label(yes, yes) == following.label(yes, no)
    assert following.label(yes, no) != following.label(no, no)


@pytest.mark.parametrize("name", ["nsp", "sop"])
def test_half_of_the_labels_are_one(name: str) -> None:
    documents = numbered([[5, 6, 7, 8, 9, 6, 5, 8]] * 200)
    rows = PairRows(lines_of(documents), get_sentence_loss(name), longest=30, passes=3)
    # Of some 1,500 pairs; 5 standard errors.
    assert len(rows) > 1000
    assert abs(rows.labels.mean() - 0.5) < 5 * 0.5 / len(rows) ** 0.5
    assert rows.foreign == pytest.approx(rows.labels.mean() if name == "nsp" else 0.0)


def test_uncut_pairs_hold_all_of_the_text_in_chunks() -> None:
    """Where no chunk is over the length and order is asked, no piece is lost."""
    documents = numbered([[4, 4, 4, 4], [4, 4]])
    rows = PairRows(lines_of(documents), get_sentence_loss("sop"), longest=11, short=0.0)
    assert rows.thrown_away == 0.0
    chunks = [sorted(first + second) for first, second, _ in segments(rows)]
    assert sorted(chunks) == [list(range(3, 11)), list(range(11, 19)), list(range(19, 27))]


def test_the_second_lines_of_a_foreign_pair_are_read_again() -> None:
    """NSP alone uses the first segment's lines up."""
    documents = numbered([[3] * 40, [3] * 40])
    rows = PairRows(lines_of(documents), get_sentence_loss("nsp"), longest=15, short=0.0)
    firsts = [first for first, _, _ in segments(rows)]
    used = [piece for first in firsts for piece in first]
    assert len(used) == len(set(used))
    assert rows.labels.any()


def test_short_targets_are_of_documents() -> None:
    """All chunks of a tenth of the documents end early, and no chunk of the others."""
    documents = numbered([[2] * 60] * 60)
    rows = PairRows(lines_of(documents), get_sentence_loss("sop"), longest=43, short=0.5, seed=2)
    home = {piece: n for n, document in enumerate(documents) for line in document for piece in line}
    lengths: dict[int, set[int]] = {}
    for first, second, _ in segments(rows):
        lengths.setdefault(home[first[0]], set()).add(len(first) + len(second))
    assert sum(lengths[n] == {40} for n in lengths) > 10
    assert sum(max(lengths[n]) < 40 for n in lengths) > 10
    # The last chunk of a document may be shorter than the others.
    assert all(len(found) <= 2 for found in lengths.values())


def test_each_pass_pairs_anew_and_a_seed_says_how() -> None:
    documents = numbered([[5, 6, 7, 8]] * 20)
    lines = lines_of(documents)
    twice = PairRows(lines, get_sentence_loss("sop"), longest=30, passes=2, seed=1)
    again = PairRows(lines, get_sentence_loss("sop"), longest=30, passes=2, seed=1)
    once = PairRows(lines, get_sentence_loss("sop"), longest=30, passes=1, seed=1)
    assert segments(twice) == segments(again)
    assert segments(twice)[: len(once)] == segments(once)
    assert segments(twice)[len(once) :] != segments(once)


def test_one_document_has_no_other() -> None:
    with pytest.raises(DataError, match=r"the text is one document\..*sentence_loss=sop"):
        PairRows(lines_of(numbered([[5] * 30])), get_sentence_loss("nsp"), longest=12)
    with pytest.raises(DataError, match="Rows of 4 pieces"):
        PairRows(lines_of(numbered([[5] * 30])), get_sentence_loss("sop"), longest=4)
