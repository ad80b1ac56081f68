"""The best constant answer: what it is taken from, and what need not be read for it."""

from __future__ import annotations

from typing import Any

import pytest

from t5study.tasks import get_task, task_names
from t5study.training import answers
from t5study.training.answers import Questions, constant

WITH_LABELS = [name for name in task_names() if get_task(name).labels]


@pytest.mark.parametrize("name", WITH_LABELS)
def test_a_task_with_labels_tries_them_all_whatever_training_holds(name: str) -> None:
    task = get_task(name)
    assert list(task.constants([])) == list(task.constants([1, 1, 0]))


def test_labels_are_tried_without_reading_the_training_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of 79,418 rows took 3 seconds, for nothing; a translation has only its own texts."""
    read: list[str] = []

    def examples(name: str, split: str, description: Any) -> list[dict[str, str]]:
        read.append(f"{name} {split}")
        return [{"targets": "Ja"}, {"targets": "Nein"}, {"targets": "Ja"}]

    monkeypatch.setattr(answers, "examples", examples)
    labels = Questions(
        task=get_task("vader_sentiment"), examples=[], inputs=[], targets=[1, 1, 1, 0]
    )
    assert constant(labels, {"data": {}}) == {"acc": 75.0}
    assert read == []
    texts = Questions(
        task=get_task("gettext_ende"), examples=[], inputs=[], targets=["Ja", "Ja", "Nein"]
    )
    found = constant(texts, {"data": {}})
    assert read == ["gettext_ende train"]
    assert found == get_task("gettext_ende").score(texts.targets, ["Ja"] * 3)
