"""Metrics on inputs small enough to check by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import metrics


@pytest.mark.parametrize("metric", [metrics.pearson, metrics.spearman])
@pytest.mark.parametrize(
    ("targets", "predictions"),
    [
        ([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]),
        ([2.0, 2.0], [1.0, 3.0]),
        ([1.0], [1.0]),
    ],
)
def test_correlation_with_a_constant_is_zero(metric, targets, predictions):
    """No spread, no correlation; never NaN."""
    assert list(metric(targets, predictions).values()) == [0.0]


def test_correlation_of_huge_numbers_is_finite():
    """A model that writes absurd numbers gets a score, not NaN."""
    (value,) = metrics.pearson([1.0, 2.0, 3.0], [1e308, -1e308, 1e308]).values()
    assert math.isfinite(value)


def test_correlations_have_a_sign():
    """Opposite orders give -100."""
    assert metrics.pearson([0.0, 2.0], [1.0, 0.0]) == {"pearson": pytest.approx(-100)}
    assert metrics.spearman([0, 1, 2], [9, 8, 1]) == {"spearman": pytest.approx(-100)}


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1))
def test_accuracy_is_that_of_scikit_learn(pairs):
    """To the bit; of classes by number and by name."""
    from sklearn.metrics import accuracy_score

    targets, predictions = zip(*pairs, strict=True)
    expected = {"acc": 100 * float(accuracy_score(targets, predictions))}
    assert metrics.accuracy(targets, predictions) == expected
    assert metrics.accuracy([*map(str, targets)], [*map(str, predictions)]) == expected


def test_matthews_of_a_constant_is_zero():
    """One answer for all says nothing."""
    assert metrics.matthews([0, 1, 1], [1, 1, 1]) == {"mcc": 0.0}


def test_binary_f1_without_positives():
    """Nothing to find and nothing found is 0."""
    assert metrics.binary_f1([0, 0], [0, 0]) == {"f1": 0.0}


def test_macro_f1_of_an_absent_class():
    """A class that never occurs counts as 0."""
    assert metrics.macro_f1([0, 1], [0, 1], classes=3) == {"f1": pytest.approx(200 / 3)}


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("`Needs\tA_LOT of the 'normalization'.\"‘", "needs alot of normalization‘"),
        ("An apple a day", "apple day"),
        ("theatre", "theatre"),
        ("$$$$", ""),
    ],
)
def test_answer_normalization(text, normal):
    """Case, ASCII punctuation, articles and extra spaces go; curly quotes stay."""
    assert metrics.normalize_answer(text) == normal


def test_answer_f1_counts_repeated_words_once_each():
    """Overlap is of word counts, the best over all answers."""
    scores = metrics.exact_match_f1([["red red car", "bike"]], ["red car car"])
    assert scores == {"em": 0.0, "f1": pytest.approx(100 * 2 / 3)}


def test_answers_of_which_nothing_is_left():
    """As in the official script: an exact match with F1 0."""
    assert metrics.exact_match_f1([["the"]], ["a"]) == {"em": 100.0, "f1": 0.0}


@pytest.mark.parametrize(
    ("answers", "prediction", "em", "f1"),
    [
        (["a red car", "bike"], "red bus", 0.0, 50.0),
        (["a red car"], "", 0.0, 0.0),
        ([""], "", 100.0, 100.0),
        ([], "the", 100.0, 100.0),
        ([""], "car", 0.0, 0.0),
        (["", "car"], "", 0.0, 0.0),
    ],
)
def test_none_is_an_answer_of_squad_2(answers, prediction, em, f1):
    """As the official script scores it: right in both metrics or wrong in both."""
    scores = metrics.exact_match_f1_or_none([answers] * 2, [prediction, "other"])
    assert scores == {"em": em / 2, "f1": f1 / 2}


def test_rouge_sentences_end_at_spaced_points():
    """A spaced point starts a new sentence for the summary-level score only."""
    joined = metrics.rouge(["a b . c d"], ["c d . a b"])
    assert joined["rougeL"] == pytest.approx(100)
    assert joined["rouge1"] == pytest.approx(100)
    assert metrics.rouge(["a b c d"], ["c d a b"])["rougeL"] == pytest.approx(50)


def test_rouge_does_not_stem():
    """Different endings are different words."""
    assert metrics.rouge(["cats"], ["cat"])["rouge1"] == 0


@pytest.mark.parametrize(
    ("targets", "predictions", "value"),
    [
        (["this is a string"] * 2, ["this is a string"] * 2, 100),
        (["this is a string"] * 2, ["", ""], 0),
        ([["", "this is a string"], ["this is a string", ""]], ["this is a string"] * 2, 100),
    ],
)
def test_bleu(targets, predictions, value):
    """Equal texts are 100, empty ones 0; any of several references will do."""
    assert metrics.bleu(targets, predictions) == {"bleu": pytest.approx(value)}


def test_bleu_tokenizes_internationally():
    """Punctuation of any script is a token of its own."""
    glued = metrics.bleu(["ein „Wort“ ist es"], ["ein „ Wort “ ist es"])
    assert glued["bleu"] == pytest.approx(100)


def test_groups_may_be_lists():
    """A group read back from JSON is a list and still a group."""
    targets = [{"group": [0, 1], "value": 1}, {"group": [0, 1], "value": 0}]
    assert metrics.once_per_group(metrics.accuracy)(targets, [1, 1]) == {"acc": 100.0}


def test_mean_over_groups_weighs_groups_alike():
    """A group of many counts as much as a group of one."""
    targets = [{"group": g, "value": v} for g, v in (("a", 0), ("a", 1), ("b", 0))]
    predictions = [{"value": v} for v in (0, 0, 1)]
    assert metrics.mean_over_groups(metrics.accuracy)(targets, predictions) == {"acc": 25.0}


def test_ungrouped_takes_all():
    """All examples count, whatever their group."""
    targets = [{"group": "a", "value": 1}, {"group": "a", "value": 0}]
    assert metrics.ungrouped(metrics.accuracy)(targets, [{"value": 1}, 1]) == {"acc": 50.0}
