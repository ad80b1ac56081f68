"""Corpora in fixed proportions."""

from __future__ import annotations

from itertools import islice, repeat

import pytest

from lab.corpora.weighted import weighted_documents
from lab.errors import DataError


def test_characters_stand_as_the_weights():
    """Long documents of one corpus do not outweigh short ones of another."""
    parts = [(10, repeat("e" * 300)), (1, repeat("d" * 70)), (1, repeat("f" * 1000))]
    taken = "".join(islice(weighted_documents(parts), 2000))
    share = {letter: taken.count(letter) / len(taken) for letter in "edf"}
    assert share == pytest.approx({"e": 10 / 12, "d": 1 / 12, "f": 1 / 12}, abs=0.005)


def test_it_ends_with_the_first_part_that_has_no_more():
    """The proportions hold to the end."""
    taken = list(weighted_documents([(3, ["aa"] * 100), (1, ["b"] * 4)]))
    assert taken.count("b") == 4
    assert taken.count("aa") == 6 + 1


def test_a_weight_of_zero_is_refused():
    """Such a corpus would never end."""
    with pytest.raises(DataError, match=r"weights \[10, 0\]"):
        next(weighted_documents([(10, ["a"]), (0, ["b"])]))
