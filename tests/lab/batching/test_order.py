"""Orders that are never written down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.batching.order import BLOCK, CHUNK, Order, shuffled


@given(count=st.integers(1, 3000), epoch=st.integers(0, 5), seed=st.integers(0, 2**31))
def test_an_epoch_holds_every_item_once(count, epoch, seed):
    """Any epoch of any size is a permutation."""
    order = shuffled(np.arange(epoch * count, (epoch + 1) * count), count, seed)
    assert sorted(order.tolist()) == list(range(count))


def test_a_slot_does_not_depend_on_what_else_is_asked():
    """One slot alone is the same as in a range."""
    whole = shuffled(np.arange(500), 123, seed=4)
    alone = [int(shuffled(np.array([slot]), 123, seed=4)[0]) for slot in range(500)]
    assert whole.tolist() == alone


def test_epochs_seeds_and_streams_have_orders_of_their_own():
    """None of them repeats another's order, or keeps much of it."""
    orders = [
        shuffled(np.arange(e * 1000, (e + 1) * 1000), 1000, seed, stream)
        for e in range(3)
        for seed in range(3)
        for stream in range(3)
    ]
    for i, one in enumerate(orders):
        for other in orders[:i]:
            assert np.mean(one == other) < 0.01


@pytest.mark.parametrize("count", [5, 40])
def test_every_item_comes_anywhere(count):
    """Over many epochs each place holds each item about equally often."""
    epochs = 400 * count
    places = shuffled(np.arange(epochs * count), count, seed=1).reshape(epochs, count)
    for place in (0, count // 2, count - 1):
        seen = np.bincount(places[:, place], minlength=count)
        assert np.abs(seen - 400).max() < 5 * np.sqrt(400)
    # Neighbours are no more often neighbours again than chance has it.
    following = np.mean(places[:, 1:] == places[:, :-1] + 1)
    assert following == pytest.approx(1 / count, rel=0.05)


def test_a_large_count_is_walked_in_place():
    """A slot among 10^12 items costs no memory."""
    order = shuffled(np.arange(10**12 - 5, 10**12 + 5), 10**12, seed=0)
    assert len(set(order.tolist())) == 10
    assert order.min() >= 0
    assert order.max() < 10**12


def test_a_source_s_rows_come_in_epochs():
    """The draws of a source go through its rows once before any comes again."""
    sources, rows = Order([0.7, 0.2, 0.1], [1000, 50, 7], seed=3).draws(0, 3 * BLOCK)
    for source, count in enumerate([1000, 50, 7]):
        mine = rows[sources == source]
        for epoch in range(len(mine) // count):
            assert sorted(mine[epoch * count : (epoch + 1) * count]) == list(range(count))
        assert mine.tolist() == shuffled(np.arange(len(mine)), count, 3, source + 1).tolist()


@given(st.integers(0, 4 * BLOCK), st.integers(1, 300), st.sampled_from([[1.0], [1.0, 3.0]]))
@settings(max_examples=30, deadline=None)
def test_draws_do_not_depend_on_earlier_ones(start, count, rates):
    """A fresh order gives any stretch as one that was read from the start."""
    sizes = [500, 9000][: len(rates)]
    whole = Order(rates, sizes, seed=5).draws(0, 5 * BLOCK)
    fresh = Order(rates, sizes, seed=5).draws(start, start + count)
    for everything, part in zip(whole, fresh, strict=True):
        assert everything[start : start + count].tolist() == part.tolist()


def test_epochs_go_on_over_chunks():
    """The rows of a later chunk follow those of the chunk before."""
    border, count = BLOCK * CHUNK, 10**9
    sources, rows = Order([0.5, 0.5], [count, count], seed=0).draws(border - 50, border + 50)
    slots = np.arange(border // 2 - 10_000, border // 2 + 10_000)
    for source in range(2):
        slot_of = dict(zip(shuffled(slots, count, 0, source + 1).tolist(), slots, strict=True))
        mine = [slot_of[row] for row in rows[sources == source].tolist()]
        assert np.diff(mine).tolist() == [1] * (len(mine) - 1)


def test_draws_follow_the_rates_in_any_order():
    """Counts fit the rates, and one draw says nothing about the next."""
    rates = np.array([0.6, 0.3, 0.1])
    sources, _ = Order(list(rates), [9, 9, 9], seed=1).draws(0, 10 * BLOCK)
    total = len(sources)
    counts = np.bincount(sources)
    assert (np.abs(counts - rates * total) < 5 * np.sqrt(total * rates * (1 - rates))).all()
    pairs = np.bincount(3 * sources[:-1] + sources[1:]).reshape(3, 3) / (total - 1)
    assert pairs == pytest.approx(np.outer(rates, rates), abs=0.01)
