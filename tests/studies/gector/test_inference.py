"""Tweaks, ensembles, rounds, pieces, vocabulary: for any probabilities and sentences."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.gector.inference import Tweaks, biased, candidates, correct, decide, ensemble
from studies.gector.pieces import kept_pieces
from studies.gector.tags.tag import DELETE, KEEP, PADDING, UNKNOWN, kind
from studies.gector.tags.vocabulary import TagVocabulary, coverage, errorful

TAGS = [KEEP, DELETE, "$APPEND_a", "$REPLACE_b"]
SHARES = st.floats(0, 1)


def probabilities(seed: int, tokens: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(len(TAGS)), size=tokens), rng.random(tokens)


@given(st.integers(0, 999), SHARES, SHARES, SHARES, st.booleans())
def test_more_confidence_keeps_more(seed, less, more, minimum, each_tag) -> None:
    """And a higher minimum keeps more, too: what is edited is a part of what was before."""
    given_, incorrect = probabilities(seed)

    def edited(confidence: float, least: float) -> set[int]:
        tweaks = Tweaks(
            additional_confidence=confidence, min_error_probability=least, each_tag=each_tag
        )
        tags = decide(biased(given_, TAGS, tweaks), incorrect, TAGS, tweaks).tags
        return {place for place, tag in enumerate(tags) if tag != KEEP}

    low, high = sorted([less, more])
    assert edited(high, minimum) <= edited(low, minimum) <= edited(low, 0.0)
    if incorrect.max() < minimum:
        assert edited(low, minimum) == set()


def test_the_minimum_holds_for_each_tag_only_as_released() -> None:
    rows, incorrect = np.array([[0.3, 0.4, 0.2, 0.1], [0.1, 0.8, 0.1, 0.0]]), np.array([0.9, 0.9])
    released = Tweaks(min_error_probability=0.5)
    paper = Tweaks(min_error_probability=0.5, each_tag=False)
    assert decide(rows, incorrect, TAGS, released).tags == [KEEP, DELETE]
    assert decide(rows, incorrect, TAGS, paper).tags == [DELETE, DELETE]


@given(
    st.integers(0, 999), st.permutations(range(6)), st.floats(-1, 1), SHARES, SHARES, st.booleans()
)
def test_candidates_are_decided_as_all_tags_are(
    seed, order, confidence, more, minimum, each_tag
) -> None:
    """By any tweaks, wherever in the list KEEP and DELETE stand; the first of equal ones."""
    tags = [[*TAGS, "$APPEND_c", "$REPLACE_d"][number] for number in order]
    rng = np.random.default_rng(seed)
    # Of few values, so that many are equal.
    rows = (rng.integers(0, 4, (9, len(tags))) / 4).astype(np.float32)
    incorrect = rng.random(9)
    tweaks = Tweaks(
        additional_confidence=round(confidence * 4) / 4,
        additional_delete_confidence=round(more * 4) / 4,
        min_error_probability=minimum,
        each_tag=each_tag,
    )
    known = candidates(rows, incorrect, tags)
    assert known.tags.shape == known.numbers.shape == (9, 3)
    bias = biased(np.zeros(len(tags), np.float32), tags, tweaks)
    few = decide(known.tags + bias[known.numbers], known.incorrect, tags, tweaks, known.numbers)
    assert few == decide(biased(rows, tags, tweaks), incorrect, tags, tweaks)


@given(st.integers(0, 999))
def test_an_ensemble_of_one_is_itself(seed: int) -> None:
    one, _ = probabilities(seed)
    other, _ = probabilities(seed + 1)
    assert np.allclose(ensemble([one, one, one]), one)
    assert np.allclose(ensemble([one, other], [1, 0]), one)
    assert np.allclose(ensemble([one, other]), (one + other) / 2)


def test_rounds_end_in_a_circle() -> None:
    """A sentence that becomes what it was stops there; short ones are never tagged."""
    asked: list[list[list[str]]] = []

    def swap(sentences: list[list[str]]) -> list[list[str]]:
        asked.append(sentences)
        return [sentence[::-1] for sentence in sentences]

    found = correct([["a", "b", "c"], ["a", "b"], ["a", "b", "a"], []], swap, iterations=9)
    assert found.sentences == [["a", "b", "c"], ["a", "b"], ["a", "b", "a"], []]
    assert found.changes == [1, 1]
    assert [len(sentences) for sentences in asked] == [2, 1]


@given(st.lists(st.lists(st.integers(), min_size=1, max_size=9), max_size=9), st.integers(1, 20))
def test_pieces_fit_and_each_word_has_its_first(words, longest) -> None:
    kept, places = kept_pieces(words, 5, longest)
    assert len(kept) <= longest
    assert [kept[place] for place in places] == [word[0] for word in words[: len(places)]]
    if sum(min(len(word), 5) for word in words) <= longest:
        assert kept == [piece for word in words for piece in word[:5]]
    if len(words) <= longest:
        assert len(places) == len(words)


def test_a_vocabulary_holds_the_most_frequent_tags() -> None:
    edits = errorful([[[KEEP], ["$APPEND_a", "$APPEND_b"]], [["$APPEND_a"], [DELETE], [KEEP]]])
    assert edits == Counter({"$APPEND_a": 2, "$APPEND_b": 1, DELETE: 1})
    small = TagVocabulary.of(edits, size=3)
    assert small.tags == (KEEP, DELETE, "$APPEND_a", UNKNOWN, PADDING)
    assert small.encode([KEEP, "$APPEND_b"]) == [0, 3]
    assert coverage(edits, small) == pytest.approx(75.0)
    assert coverage(edits, TagVocabulary.of(edits, size=9)) == 100.0
    assert [kind(tag) for tag in ("$APPEND_a_b", "$MERGE_SPACE")] == ["APPEND", "MERGE_SPACE"]


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 9)), st.integers(2, 12))
def test_a_larger_vocabulary_covers_no_less(words, size) -> None:
    edits = Counter({f"$REPLACE_{word}": count for word, count in words.items()})
    small, large = (TagVocabulary.of(edits, size=n) for n in (size, size + 3))
    assert len(small) == min(size, 2 + len(words)) + 2
    assert {*small.tags} <= {*large.tags}
    assert coverage(edits, small) <= coverage(edits, large)
