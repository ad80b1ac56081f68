"""N-grams of whole words: which pieces are predicted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.albert.masking import NOWHERE, Masking, Words, choose, probabilities, words_of

PAD, CLS, SEP, MASK = range(4)
SPECIAL = frozenset((PAD, CLS, SEP, MASK))
BEGINS = np.arange(40) % 2 == 0
"""Even pieces begin a word."""

segments = st.lists(st.integers(4, 39), min_size=1, max_size=20)


def row(first: list[int], second: list[int], padding: int = 0) -> tuple[np.ndarray, np.ndarray]:
    pieces = [CLS, *first, SEP, *second, SEP]
    tokens = np.array([pieces + [PAD] * padding])
    return tokens, np.arange(tokens.shape[1])[None] < len(pieces)


def groups(words: np.ndarray) -> list[list[int]]:
    return [np.flatnonzero(words == word).tolist() for word in range(words.max() + 1)]


@given(segments, segments, st.integers(0, 3), st.integers(1, 20), st.booleans(), st.integers(0, 9))
@settings(deadline=None)
def test_whole_words_of_the_text_within_the_budget(
    first: list[int], second: list[int], padding: int, most: int, across: bool, seed: int
) -> None:
    tokens, real = row(first, second, padding)
    asked = Masking(rate=0.3, most=most, across=across)
    positions, used = asked.draw(tokens, real, BEGINS, SPECIAL, np.random.default_rng(seed))
    found = positions[used].tolist()
    assert found == sorted(set(found))
    assert not SPECIAL & {*tokens[0, found].tolist()}
    assert len(found) <= min(most, max(1, round(0.3 * real.sum())))
    inside = real & ~np.isin(tokens, list(SPECIAL))
    for word in groups(words_of(tokens, inside, BEGINS, across=across)[0]):
        assert len({*word} & {*found}) in (0, len(word))
    assert (positions[~used] == 0).all()


def test_a_segment_ends_words_and_n_grams_unless_told_otherwise() -> None:
    """Pieces 5 and 7 continue a word; the release has them go on behind [SEP]."""
    tokens, real = row([4, 5], [7, 6])
    inside = real & ~np.isin(tokens, list(SPECIAL))
    assert groups(words_of(tokens, inside, BEGINS)[0]) == [[1, 2], [4], [5]]
    assert groups(words_of(tokens, inside, BEGINS, across=True)[0]) == [[1, 2, 4], [5]]
    words = words_of(tokens, inside, BEGINS)
    assert Words.of(words).limits.tolist() == [[1, 3, 3]]
    assert Words.of(words, across=True).limits.tolist() == [[3, 3, 3]]
    order, lengths = np.array([[0]]), np.array([[3, 1, 1]])
    for across, expected in ((False, [True, False, False]), (True, [True, True, True])):
        chosen = choose(Words.of(words, across=across), np.array([20]), order, lengths)
        assert chosen.tolist() == [expected]


def test_rows_of_a_batch_are_independent() -> None:
    """Each of several rows with a number of words of its own is chosen from as it is alone."""
    rng = np.random.default_rng(0)
    sizes = np.array([[2, 1, 3, 1], [1, 1, 0, 0], [4, 0, 0, 0]])
    limits = np.broadcast_to((sizes > 0).sum(1)[:, None], sizes.shape)
    order = np.array([[2, 0, 3, 1], [1, 0, NOWHERE, NOWHERE], [0, NOWHERE, NOWHERE, NOWHERE]])
    lengths = rng.integers(1, 4, size=sizes.shape)
    budgets = np.array([4, 5, 3])
    together = choose(Words(sizes, limits), budgets, order, lengths)
    for number in range(3):
        one = slice(number, number + 1)
        alone = choose(Words(sizes[one], limits[one]), budgets[one], order[one], lengths[one])
        assert alone[0].tolist() == together[number].tolist()
    assert together[2].tolist() == [False] * 4


@pytest.mark.parametrize("longest", [1, 3])
def test_lengths_of_n_grams_follow_their_probabilities(longest: int) -> None:
    """Where nothing is short: single n-grams, as the budget is that of one, among many words."""
    words = 400
    tokens = np.full((words, words + 3), 4)
    tokens[:, 0], tokens[:, -2:] = CLS, SEP
    real = np.ones(tokens.shape, dtype=bool)
    asked = Masking(rate=0.9, most=longest, longest=longest)
    rng = np.random.default_rng(1)
    _, used = asked.draw(tokens, real, BEGINS, SPECIAL, rng)
    # Every row fills its budget: what is left behind an n-gram is filled by shorter ones.
    assert used.sum() == words * longest
    lengths = 1 + rng.choice(longest, size=50_000, p=probabilities(longest))
    shares = np.bincount(lengths)[1:] / 50_000
    np.testing.assert_allclose(
        shares,
        [(1 / n) / sum(1 / k for k in range(1, longest + 1)) for n in range(1, longest + 1)],
        atol=0.01,
    )
