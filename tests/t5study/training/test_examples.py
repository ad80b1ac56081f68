"""How often each task of a mixture is drawn, as a stage's configuration says it."""

from __future__ import annotations

from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest

from lab.vocabulary import Vocabulary
from t5study.tasks import get_task
from t5study.tasks.chosen import examples
from t5study.training.answers import ask
from t5study.training.examples import rates, training_pairs

COUNTS = {"small": 10, "large": 1000, "unsupervised": 100_000}


def test_single_task_is_always_drawn():
    """Without mixing there is nothing to work out."""
    assert rates({"one": 7}, None) == {"one": 1.0}


def test_limit_holds_for_real_sizes():
    """K caps the tasks and the unsupervised data alike."""
    found = rates(COUNTS, {"name": "proportional", "limit": 40})
    assert found == pytest.approx({"small": 1 / 9, "large": 4 / 9, "unsupervised": 4 / 9})


def test_tasks_own_limit_goes_before_the_common_one():
    """Section 3.7 caps two translations and leaves all other tasks as they are."""
    two = {"name": "proportional", "limit": None, "limits": {"large": 30}}
    found = rates({"small": 10, "large": 1000, "other": 60}, two)
    assert found == pytest.approx({"small": 0.1, "large": 0.3, "other": 0.6})
    both = {"name": "temperature", "limit": 40, "limits": {"large": 160}, "temperature": 2.0}
    found = rates({"small": 40, "large": 1000, "other": 90}, both)
    assert found == pytest.approx({"small": 0.25, "large": 0.5, "other": 0.25})


def test_artificial_size_stands_as_it_is_given():
    """Section 3.7: the unsupervised data counts with its own size, beyond the tasks' limit."""
    found = rates(COUNTS, {"name": "proportional", "limit": 40}, {"unsupervised": 50})
    assert found == pytest.approx({"small": 0.1, "large": 0.4, "unsupervised": 0.5})


def test_temperature_without_a_limit():
    """Square roots of the sizes at a temperature of 2."""
    found = rates({"a": 1, "b": 9}, {"name": "temperature", "limit": None, "temperature": 2.0})
    assert found == pytest.approx({"a": 0.25, "b": 0.75})


def test_rte_of_both_suites_counts_half():
    """Before the limit."""
    counts = {"glue_rte": 100, "super_glue_rte": 100, "other": 100}
    found = rates(counts, {"name": "proportional", "limit": None})
    assert found == pytest.approx({"glue_rte": 0.25, "super_glue_rte": 0.25, "other": 0.5})


@pytest.mark.parametrize("limit", [None, 0, 1, 7, 8])
def test_training_pairs_are_the_examples_in_order(
    data: SimpleNamespace, toy_task: Any, monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    """Encoded a few at a time, each example's two sides are those of its texts."""
    monkeypatch.setattr("t5study.training.examples.ENCODED_AT_ONCE", 4)
    vocabulary = Vocabulary(data.vocabulary)
    description = {"settings": {}, "data": {}}
    texts = list(islice(examples("toy_color", "train", description), limit))
    pairs = training_pairs({"toy_color": description}, vocabulary, limit)["toy_color"]
    assert len(pairs) == len(texts)
    assert limit is None or len(pairs) == limit
    for side in ("inputs", "targets"):
        ragged = getattr(pairs, side)
        expected = vocabulary.encode_batch([text[side] for text in texts])
        assert ragged.lengths.tolist() == [len(one) for one in expected]
        assert ragged.tokens.tolist() == [token for one in expected for token in one]


class Words:
    """Stands in for a vocabulary."""

    eos = 1

    def encode_batch(self, texts: list[str]) -> list[list[int]]:
        return [[3] for _ in texts]


def asked_of(name: str, rows: list[dict[str, Any]], drawn: str, limit: int | None) -> list[Any]:
    task = get_task(name)
    texts = [text for row in rows for text in task.preprocess(row)]
    return ask(task, "validation", texts, Words(), 8, limit, drawn=drawn).targets  # type: ignore[arg-type]


def test_a_limited_validation_has_the_labels_of_the_whole() -> None:
    """Sorted by label, the first ten would be one label; without a limit all are asked."""
    rows = [{"sentence": "a", "label": int(i >= 60), "idx": i} for i in range(100)]
    assert asked_of("glue_sst2", rows, "first", 10) == [0] * 10
    assert asked_of("glue_sst2", rows, "stratified", 10) == [0] * 6 + [1] * 4
    assert len(asked_of("glue_sst2", rows, "stratified", None)) == 100


def test_without_labels_the_first_examples_are_asked() -> None:
    """A similarity is no label."""
    rows = [{"sentence1": "a", "sentence2": "b", "label": i / 20, "idx": i} for i in range(100)]
    assert asked_of("glue_stsb", rows, "stratified", 7) == asked_of("glue_stsb", rows, "first", 7)
