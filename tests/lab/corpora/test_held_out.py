"""Texts that tasks are evaluated on are found inside others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.corpora.held_out import HeldOut

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=5, max_size=12)
OTHER = st.lists(st.text("mnopqr", min_size=1, max_size=3), max_size=8)


@settings(max_examples=50, deadline=None)
@given(WORDS, OTHER, OTHER)
def test_text_is_found_inside_any_other(words, before, after):
    """Five words or more are found wherever they stand, whatever case and punctuation."""
    held = HeldOut([" ".join(words)])
    inside = " ".join([*before, *(f"{word.upper()}," for word in words), *after])
    assert held.found_in(["m n o p q", inside]).tolist() == [False, True]


@settings(max_examples=50, deadline=None)
@given(WORDS, st.lists(OTHER.map(" ".join), max_size=5))
def test_other_words_are_never_found(words, texts):
    """Texts without a common word stay."""
    assert HeldOut([" ".join(words)]).without(texts) == texts


def test_eight_words_of_a_long_text_are_enough():
    """A part of eight words of a held-out text counts, one of seven does not."""
    held = HeldOut(["one two three four five six seven eight nine ten"])
    texts = ["three four five six seven eight nine ten", "four five six seven eight nine ten"]
    assert held.without(texts) == texts[1:]


def test_sequences_do_not_reach_over_two_texts():
    """The end of one text and the start of the next are no sequence."""
    held = HeldOut(["one two three four five"])
    assert held.without(["one two", "three four five"]) == ["one two", "three four five"]


@pytest.mark.parametrize(
    ("text", "kept"), [("Log out", False), ("log OUT!", False), ("You can log out here", True)]
)
def test_short_text_counts_only_alone(text, kept):
    """Two words are everywhere: they are held out only as a text of their own."""
    assert bool(HeldOut(["Log out"]).without([text])) is kept


def test_nothing_held_out_keeps_everything():
    """Without held-out texts every text stays, also an empty one."""
    assert HeldOut([]).without(["", "one two three four five six"]) == [
        "",
        "one two three four five six",
    ]
