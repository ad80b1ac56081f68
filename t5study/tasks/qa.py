"""SQuAD v1.1: an answer span of a paragraph, written out (paper, 2.3 and D.15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.datasets import get_dataset
from t5study.tasks.labels import choose
from t5study.tasks.task import Example, Task, frequent, text_form
from t5study.tasks.text import PADDED, UNLABELLED, collapse, pad_punctuation


def squad(*, padding: str = "punctuation") -> Task:
    """Return SQuAD; the first answer is learned, every answer counts in scoring.

    padding: the characters set off with spaces, "punctuation" (code since 2022), "non-word"
    (2019, which also split letters with accents) or "none" (paper, D.15).
    """
    choose("padding", padding, (*PADDED, "none"))

    def to_text(raw: Mapping[str, Any]) -> list[Example]:
        answers = [pad_punctuation(answer, padding) for answer in raw["answers"]["text"]]
        question = pad_punctuation(raw["question"], padding)
        context = pad_punctuation(raw["context"], padding)
        text = f"question: {question} context: {context}"
        made: Example = {
            "inputs": text if padding == "none" else collapse(text),
            "targets": answers[0] if answers else UNLABELLED,
            "answers": answers,
        }
        return [made | ({"id": raw["id"]} if "id" in raw else {})]

    def constants(train_targets: Sequence[Any]) -> list[str]:
        return frequent([answer for answers in train_targets for answer in answers[:1]])

    return text_form(
        get_dataset("squad"),
        to_text=to_text,
        to_target=lambda made: list(made["answers"]),
        to_prediction=lambda text, _: text,
        constants=constants,
        lengths=(512, 97),
        settings={"padding": padding},
    )


TASKS = {"squad": squad}
