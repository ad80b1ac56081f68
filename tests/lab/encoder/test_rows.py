"""Rows of text: which pieces they hold, and that reading them is one way only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.corpora.tokenized import TokenizedCorpus
from lab.encoder.lines import Lines
from lab.encoder.rows import Rows
from lab.encoder.segments import two_segments
from lab.errors import DataError

PAD, CLS, SEP = 0, 1, 2
Document = list[list[int]]


def lines_of(documents: list[Document], shard: int = 2**20) -> Lines:
    """Documents of lines of pieces, in shards of at most so many pieces."""
    lines = [line for document in documents for line in document]
    tokens = np.array([piece for line in lines for piece in line], dtype=np.uint16)
    offsets = np.cumsum([0, *map(len, lines)])
    shards = tuple(np.split(tokens, range(shard, len(tokens), shard)))
    starts = np.cumsum([0, *map(len, shards)])
    bounds = np.cumsum([0, *map(len, documents)])
    special = {"pad": PAD, "cls": CLS, "sep": SEP}
    return Lines(TokenizedCorpus(shards, starts, offsets), bounds, special)


def numbered(sizes: list[list[int]]) -> list[Document]:
    """Documents with lines of these sizes, whose pieces count up from 3 through all of them."""
    ids = iter(range(3, 2**16))
    return [[[next(ids) for _ in range(size)] for size in document] for document in sizes]


def whole(rows: Rows) -> list[list[int]]:
    read = rows.read(np.arange(len(rows)))
    return [
        tokens[real].tolist() for tokens, real in zip(read["tokens"], read["real"], strict=True)
    ]


corpora = st.lists(
    st.lists(st.integers(1, 14), min_size=1, max_size=9), min_size=1, max_size=6
).map(numbered)
settings_of_rows = st.fixed_dictionaries(
    {
        "longest": st.integers(5, 30),
        "segments": st.sampled_from([1, 2]),
        "single": st.sampled_from([0.0, 0.1, 0.5]),
        "short": st.sampled_from([0.0, 0.05, 0.6]),
        "seed": st.integers(0, 5),
    }
)


@given(corpora, settings_of_rows)
@settings(deadline=None, max_examples=200)
def test_rows_are_pieces_of_one_document_with_special_ones(documents, asked) -> None:
    rows = Rows(lines_of(documents), **asked)
    home = {piece: n for n, document in enumerate(documents) for line in document for piece in line}
    found = rows.read(np.arange(len(rows)))
    for tokens, types, real in zip(found["tokens"], found["types"], found["real"], strict=True):
        row, kinds = tokens[real].tolist(), types[real].tolist()
        seps = [place for place, piece in enumerate(row) if piece == SEP]
        assert row[0] == CLS
        assert seps[-1] == len(row) - 1
        assert len(seps) in (1, asked["segments"])
        assert len(row) <= asked["longest"]
        assert kinds == [0] * (seps[0] + 1) + [1] * (len(row) - seps[0] - 1)
        assert not types[~real].any()
        assert (tokens[~real] == PAD).all()
        assert len({home[piece] for piece in row if piece > SEP}) == 1


@given(corpora, settings_of_rows)
@settings(deadline=None, max_examples=200)
def test_no_piece_is_in_two_rows_and_the_rest_is_counted(documents, asked) -> None:
    rows = Rows(lines_of(documents), **asked)
    pieces = [piece for row in whole(rows) for piece in row if piece > SEP]
    there = sum(len(line) for document in documents for line in document)
    assert len(set(pieces)) == len(pieces)
    assert rows.thrown_away == pytest.approx(1 - len(pieces) / there)
    assert [len(row) for row in whole(rows)] == rows.lengths.tolist()


@given(corpora, settings_of_rows)
@settings(deadline=None, max_examples=200)
def test_one_segment_is_the_text_in_order(documents, asked) -> None:
    """Each row begins with a line, is without a gap, and comes behind the one before."""
    rows = whole(Rows(lines_of(documents), **asked | {"segments": 1}))
    begins = {line[0] for document in documents for line in document}
    assert all(row[1] in begins for row in rows)
    assert all(np.diff(row[1:-1]).tolist() == [1] * (len(row) - 3) for row in rows)
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)


@given(corpora, st.integers(5, 30), st.sampled_from([1, 2]), st.integers(0, 3))
@settings(deadline=None, max_examples=200)
def test_rows_are_what_gathering_line_by_line_makes(documents, longest, segments, seed) -> None:
    """Lines gathered one by one, and parted by the rule of one row with either side of the coin."""
    gathered: list[Document] = []
    for document in documents:
        row: Document = []
        for number, line in enumerate(document, 1):
            row.append(line)
            if sum(map(len, row)) >= longest or number == len(document):
                gathered.append(row)
                row = []
    made = whole(Rows(lines_of(documents), longest=longest, segments=segments, short=0, seed=seed))
    assert len(made) == len(gathered)
    for row, text in zip(made, gathered, strict=True):
        ways = [
            two_segments(text, longest, one_segment=one, coin=lambda coin=coin: coin)
            for one in ([True] if segments == 1 else [True, False])
            for coin in (False, True)
        ]
        assert row in [[CLS, *a, SEP, *b, *([SEP] if b else [])] for a, b in ways]


@given(corpora, settings_of_rows, st.randoms(use_true_random=False), st.integers(1, 40))
@settings(deadline=None, max_examples=100)
def test_any_order_and_any_shards_read_the_same_rows(documents, asked, rng, shard) -> None:
    rows = Rows(lines_of(documents), **asked)
    again = Rows(lines_of(documents, shard), **asked)
    order = list(range(len(rows))) * 2
    rng.shuffle(order)
    expected = whole(rows)
    read = again.read(np.array(order))
    assert read["tokens"].dtype == read["types"].dtype == np.int64
    assert read["tokens"].shape[1] == rows.lengths.max()
    for row, tokens, real in zip(order, read["tokens"], read["real"], strict=True):
        assert tokens[real].tolist() == expected[row]
        one = again.read(np.array([row]))
        assert one["tokens"].tolist() == [expected[row]]


def test_the_end_of_a_document_ends_a_row() -> None:
    documents = [[[3, 4], [5, 6]], [[7, 8, 9, 10], [11, 12, 13, 14], [15, 16]]]
    rows = Rows(lines_of(documents), longest=8, segments=1, short=0)
    assert whole(rows) == [
        [CLS, 3, 4, 5, 6, SEP],
        [CLS, 7, 8, 9, 10, 11, 12, SEP],
        [CLS, 15, 16, SEP],
    ]
    assert rows.thrown_away == pytest.approx(2 / 14)


def test_a_short_line_may_return_to_the_first_segment() -> None:
    """So its pieces stand before those of the line that it follows in the text."""
    documents = [[[3] * 5, [4] * 4, [5] * 2, [6] * 9]]
    made = [
        whole(Rows(lines_of(documents), longest=20, single=0, short=0, seed=seed))[0]
        for seed in range(20)
    ]
    back = [CLS, *[3] * 5, *[5] * 2, SEP, *[4] * 4, *[6] * 6, SEP]
    stayed = [CLS, *[3] * 5, *[4] * 4, SEP, *[5] * 2, *[6] * 6, SEP]
    assert back in made
    assert stayed in made
    assert all(row in (back, stayed) for row in made)


def test_shares_of_short_rows_and_of_single_segments() -> None:
    """As asked, by chance; a row's second segment begins near its middle."""
    documents = numbered([[4] * 200 for _ in range(60)])
    lines = lines_of(documents)
    rows = Rows(lines, longest=40, segments=2, single=0.3, short=0.0)
    read = rows.read(np.arange(len(rows)))
    full = rows.lengths >= 39
    alone = ~(read["types"] == 1).any(1)
    assert np.mean(alone[full]) == pytest.approx(0.3, abs=0.04)
    firsts = (read["types"] == 0).sum(1) - (~read["real"]).sum(1) - 2
    assert set(firsts[full & ~alone].tolist()) == {16, 20}
    short = Rows(lines, longest=40, segments=1, short=0.25).lengths
    assert np.mean(short < 38) == pytest.approx(0.25, abs=0.05)
    assert short.min() <= 10


def test_another_seed_makes_other_rows() -> None:
    lines = lines_of(numbered([[3, 4, 5, 6] * 10] * 5))
    made = [whole(Rows(lines, longest=20, seed=seed)) for seed in (0, 0, 1)]
    assert made[0] == made[1]
    assert made[0] != made[2]


@pytest.mark.parametrize("asked", [{"longest": 4}, {"segments": 3}, {"segments": 0}])
def test_settings_that_make_no_rows(asked: dict[str, int]) -> None:
    with pytest.raises(DataError, match="accepted are 5 pieces or more, and 1 or 2 segments"):
        Rows(lines_of([[[3]]]), **asked)
