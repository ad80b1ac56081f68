"""Some examples that stand for all."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lab.strata import stratified

labels = st.lists(st.integers(-1, 4), max_size=300)


@given(labels, st.integers(0, 320))
def test_each_label_has_its_share(given_labels, limit):
    """As many as asked for, each once and in order; no label is a whole example off its share."""
    chosen = stratified(given_labels, limit)
    assert len(chosen) == min(limit, len(given_labels))
    assert chosen == sorted(set(chosen))
    counts = Counter(given_labels[position] for position in chosen)
    for label, count in Counter(given_labels).items():
        assert abs(counts[label] - len(chosen) * count / len(given_labels)) < 1


def test_a_split_that_is_sorted_by_label():
    """The first 200 would all be of one label, and its constant answer always right."""
    chosen = stratified([0] * 500 + [1] * 500, 200)
    assert Counter(position < 500 for position in chosen) == {True: 100, False: 100}
    assert (chosen[0], chosen[100]) == (0, 500)
    assert chosen[99] > 490
    assert chosen[199] > 990


def test_the_choice_repeats():
    """No generator is drawn from."""
    given_labels = [position * position % 7 % 3 for position in range(1000)]
    assert stratified(given_labels, 77) == stratified(list(given_labels), 77)
